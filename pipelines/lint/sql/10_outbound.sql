-- One row per message that a Page sent, with its surroundings; made anew for people with news since the last audit.

-- name: covered
-- The last batch that the findings cover; no row where other rules made them, or a log that began later: what opened a window was not known then.
SELECT batch FROM audit_state
WHERE rules_hash = $rules_hash AND begins_at IS NOT DISTINCT FROM (SELECT min(first_event_at) FROM sources);

-- name: last_batch
SELECT coalesce(max(batch), -1) FROM events;

-- name: forget
DELETE FROM outbound;
DELETE FROM findings;
DELETE FROM text_answers;
DELETE FROM text_findings;
DELETE FROM sent_texts;

-- name: touched
-- One row per person with events of a later batch: the stretch of time in which those can change a judgement.
CREATE OR REPLACE TEMP TABLE touched AS
SELECT page_id, psid, min(occurred_at) - to_days($reach_days) AS from_at, max(occurred_at) + to_days($reach_days) AS to_at
FROM events
WHERE batch > $since AND psid <> '' AND occurred_at IS NOT NULL
GROUP BY ALL;

-- name: forget_touched
DELETE FROM findings USING touched AS t
WHERE findings.page_id = t.page_id AND findings.psid = t.psid AND findings.sent_at BETWEEN t.from_at AND t.to_at;
DELETE FROM findings WHERE psid = '';
DELETE FROM outbound USING touched AS t
WHERE outbound.page_id = t.page_id AND outbound.psid = t.psid AND outbound.sent_at BETWEEN t.from_at AND t.to_at;

-- name: sent
-- One row per message a Page sent to a touched person, with what the log says of its text and lane.
CREATE OR REPLACE TEMP TABLE sent AS
WITH bounds AS (SELECT min(from_at) AS from_at, max(to_at) AS to_at FROM touched),
echoes AS (
    SELECT e.event_id, e.page_id, e.psid, e.occurred_at AS sent_at, e.metadata,
        e.payload -> '$.message.attachments[0].payload' AS template, e.payload AS payload
    FROM events AS e, bounds AS b
    WHERE e.kind = 'message_echo' AND e.occurred_at BETWEEN b.from_at AND b.to_at
)
SELECT e.event_id, e.page_id, e.psid, e.sent_at,
    coalesce(
        nullif(e.payload ->> '$.message.text', ''), nullif(e.template ->> '$.text', ''), nullif(e.template ->> '$.title', ''),
        nullif(concat_ws(chr(10), e.template ->> '$.elements[0].title', e.template ->> '$.elements[0].subtitle'), '')
    ) AS text,
    coalesce(
        nullif(regexp_extract(e.metadata, '^clear-to-send/1 .*\blane=(\S+)', 1), ''),
        'tag:' || coalesce(e.payload ->> '$.message.tag', e.payload ->> '$.tag'),
        CASE WHEN e.template ->> '$.template_type' IN ('one_time_notif_req', 'notification_messages') THEN 'optin_prompt' END
    ) AS told_lane,
    try_cast(nullif(regexp_extract(e.metadata, '^clear-to-send/1 .*\btoken=([0-9a-f]{32})\b', 1), '') AS UUID) AS token_key
FROM echoes AS e
JOIN touched AS t ON t.page_id = e.page_id AND t.psid = e.psid AND e.sent_at BETWEEN t.from_at AND t.to_at;

-- name: outbound
INSERT INTO outbound
WITH acts AS (
    SELECT e.page_id, e.psid, e.occurred_at
    FROM events AS e
    WHERE e.kind IN ('message', 'postback', 'reaction')
        AND e.occurred_at BETWEEN (SELECT min(from_at) FROM touched) AND (SELECT max(to_at) FROM touched)
), windowed AS (
    SELECT s.*, w.opened_at IS NOT NULL AND s.sent_at < w.closes_at AS is_in_window,
        CASE WHEN s.sent_at >= w.closes_at THEN w.closes_at - to_hours($window_hours) END AS left_at
    FROM sent AS s
    ASOF LEFT JOIN windows AS w ON w.page_id = s.page_id AND w.psid = s.psid AND w.opened_at <= s.sent_at
), heard AS (
    SELECT s.*, a.occurred_at AS acted_at
    FROM windowed AS s
    ASOF LEFT JOIN acts AS a ON a.page_id = s.page_id AND a.psid = s.psid AND a.occurred_at <= s.sent_at
)
SELECT h.event_id, h.page_id, h.psid, h.sent_at,
    coalesce(h.told_lane, CASE WHEN h.is_in_window THEN 'standard_window' END) AS lane, h.told_lane IS NOT NULL AS is_told,
    h.is_in_window, coalesce(h.left_at, h.acted_at) AS heard_at, date_diff('millisecond', h.acted_at, h.sent_at) AS answered_after_ms,
    k.topic, h.token_key, md5(h.text)::UUID AS text_key,
    md5(nullif(regexp_replace(lower(h.text), '[^\pL]+', '', 'g'), ''))::UUID AS near_key,
    r.since AS regime
FROM heard AS h
LEFT JOIN tokens AS k ON k.page_id = h.page_id AND k.token_key = h.token_key
ASOF LEFT JOIN regimes AS r ON r.since <= h.sent_at::DATE;

-- name: sent_texts
INSERT INTO sent_texts
SELECT DISTINCT md5(text)::UUID, text FROM sent WHERE text IS NOT NULL AND md5(text)::UUID NOT IN (SELECT text_key FROM sent_texts);
