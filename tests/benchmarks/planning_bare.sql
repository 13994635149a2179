-- name: plan
-- The least that a plan must do, by hand: who has an open window, and which token of the others ends first.
CREATE TABLE bare_plan AS
SELECT c.psid, CASE WHEN w.closes_at IS NOT NULL THEN 'standard_window' ELSE 'otn' END AS lane, w.closes_at, t.token_key
FROM contacts AS c
LEFT JOIN windows AS w ON w.contact_key = c.contact_key AND w.opened_at <= $moment AND w.closes_at > $moment
LEFT JOIN (
    SELECT contact_key, arg_min(token_key, ends_at) AS token_key FROM token_spans
    WHERE topic = 'restock:trail-shoes' AND state = 'available' AND from_at <= $moment AND to_at > $moment
    GROUP BY contact_key
) AS t ON t.contact_key = c.contact_key;

-- name: sends
-- One row per send, without a key or a rule.
CREATE TABLE sends (
    campaign_id TEXT, page_id TEXT, psid TEXT, lane TEXT, variant TEXT, topic TEXT, token_key TEXT, token TEXT, fields TEXT, zone TEXT,
    permission_ends_at TEXT, state TEXT, state_at TEXT
);

-- name: insert
-- One row more per send.
INSERT INTO sends VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
