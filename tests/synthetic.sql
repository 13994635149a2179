-- The facts of a small warehouse with every state, lane and fault in it, as of its moment.
CREATE TEMP TABLE given AS
SELECT
    i,
    md5('token ' || i) AS token,
    CASE WHEN i % 3 = 0 THEN 'marketing' ELSE 'otn' END AS kind,
    CASE WHEN i % 4 = 0 THEN '108555555555555' ELSE '108444444444444' END AS page_id,
    '70000000000' || lpad((i % 170)::VARCHAR, 5, '0') AS psid,
    ['restock:trail-shoes', 'launch:winter', 'survey *csat*'][1 + (i % 7) % 3] AS topic,
    TIMESTAMP '2026-11-22 10:30:00' - to_hours((i * 37 % 9000)::BIGINT) - to_minutes((i % 59)::BIGINT) AS opted_in_at,
    to_days((CASE WHEN i % 3 = 0 THEN 120 ELSE 365 END)::INTEGER) AS lifetime
FROM range(600) AS numbers(i);
CREATE TEMP TABLE fates AS
SELECT
    *,
    opted_in_at + lifetime AS expires_at,
    CASE WHEN i % 29 = 0 THEN opted_in_at + to_days(9) ELSE opted_in_at + lifetime END AS effective_expires_at,
    CASE WHEN i % 5 = 1 THEN opted_in_at + to_hours(i) END AS spent_at,
    CASE WHEN i % 11 = 3 THEN opted_in_at + to_days(6) END AS revoked_at
FROM given;
CREATE TEMP TABLE ends AS
SELECT
    * REPLACE (
        CASE WHEN spent_at < least(effective_expires_at, coalesce(revoked_at, spent_at + to_days(1)), $moment) THEN spent_at END AS spent_at,
        CASE WHEN revoked_at < least(effective_expires_at, coalesce(spent_at, revoked_at + to_days(1)), $moment) THEN revoked_at END AS revoked_at
    ),
    md5('key ' || i)::UUID AS token_key
FROM fates;
INSERT INTO token_spans
SELECT token_key, page_id, kind, topic, hash(page_id, psid), 'available', opted_in_at, coalesce(spent_at - INTERVAL 1 HOUR, revoked_at, effective_expires_at), opted_in_at, effective_expires_at
FROM ends
UNION ALL
SELECT token_key, page_id, kind, topic, hash(page_id, psid), 'reserved', spent_at - INTERVAL 1 HOUR, spent_at, opted_in_at, effective_expires_at FROM ends WHERE spent_at IS NOT NULL
UNION ALL
SELECT
    token_key, page_id, kind, topic, hash(page_id, psid),
    CASE WHEN spent_at IS NOT NULL THEN 'spent' WHEN revoked_at IS NOT NULL THEN 'revoked'
         WHEN effective_expires_at < expires_at THEN 'stranded' ELSE 'expired' END,
    coalesce(spent_at, revoked_at, effective_expires_at), TIMESTAMP '9999-12-31', opted_in_at, effective_expires_at
FROM ends;
DELETE FROM token_spans WHERE from_at >= to_at;
INSERT INTO tokens
SELECT
    token, kind, page_id, psid, topic, opted_in_at, expires_at, effective_expires_at,
    (SELECT arg_max(s.state, s.from_at) FROM token_spans AS s WHERE s.token_key = ends.token_key AND s.from_at <= $moment),
    spent_at, revoked_at, 'unknown', uuid(), token_key
FROM ends;
INSERT INTO contacts
SELECT page_id, psid, min(opted_in_at) - INTERVAL 2 DAY, hash(page_id, psid) FROM ends GROUP BY page_id, psid;
INSERT INTO contacts
SELECT '108444444444444', '79' || i, $moment - to_days((i * 3)::INTEGER), hash('108444444444444', '79' || i)
FROM range(40) AS numbers(i);
INSERT INTO windows
SELECT page_id, psid, opened_at, opened_at + INTERVAL 24 HOUR, 'message', contact_key
FROM (SELECT *, $moment - to_minutes((hash(psid, page_id) % 14000)::BIGINT) AS opened_at FROM contacts);
INSERT INTO windows
SELECT page_id, psid, $moment - INTERVAL 200 DAY, $moment - INTERVAL 199 DAY, 'postback', contact_key FROM contacts;
INSERT INTO event_hourly
SELECT hour, page_id, kind, 1 + hash(hour, page_id, kind) % 9, 4000, 4, hash(hour) % 2
FROM (SELECT unnest(generate_series($moment::DATE - 60, date_trunc('hour', $moment), INTERVAL 1 HOUR)) AS hour)
CROSS JOIN (VALUES ('108444444444444'), ('108555555555555')) AS pages(page_id)
CROSS JOIN (VALUES ('message'), ('message_echo'), ('optin'), ('delivery'), ('read')) AS kinds(kind)
WHERE hour NOT BETWEEN TIMESTAMP '2026-11-10 02:00' AND TIMESTAMP '2026-11-10 04:00' AND hour <> TIMESTAMP '2026-11-17 20:00';
INSERT INTO event_hourly VALUES (NULL, '108444444444444', 'read', 12, 0, 0, 0), (NULL, '108555555555555', 'delivery', 5, 0, 0, 0);
INSERT INTO events (event_id, page_id, psid, kind, occurred_at, payload, source_file, source_line)
VALUES
    (uuid(), '108444444444444', '', 'policy_enforcement', $moment - INTERVAL 3 DAY,
     '{"policy_enforcement":{"action":"warning","reason":"Sent too often"}}', 'logs/b.jsonl', 7),
    (uuid(), '108555555555555', '', 'policy_enforcement', $moment - INTERVAL 90 DAY,
     '{"policy-enforcement":{"action":"block","reason":"Not in the window"}}', 'logs/a.jsonl', 3);
INSERT INTO sources (
    source_file, bytes_loaded, lines, event_lines, duplicate_lines, reject_lines, events, duplicates,
    first_event_at, last_event_at, first_loaded_at, last_loaded_at
)
VALUES
    ('logs/a.jsonl', 123456, 1000, 960, 38, 2, 1200, 40, $moment - INTERVAL 400 DAY, $moment - INTERVAL 60 DAY, $moment - INTERVAL 1 DAY, $moment - INTERVAL 1 DAY),
    ('logs/b.jsonl', 7890, 500, 490, 7, 3, 530, 9, $moment - INTERVAL 60 DAY, $moment - INTERVAL 5 MINUTE, $moment, $moment);
INSERT INTO rejects VALUES
    ('logs/a.jsonl', 17, 'not JSON', '{"object":"page","entry":[{"id":"108444444444444","messaging":[{"sender":{"id":"7000000000012345"},"optin":{"one_time_notif_token":"SECRET-TOKEN-1"'),
    ('logs/a.jsonl', 90, 'not JSON', 'Killed'),
    ('logs/b.jsonl', 5, 'no entry', '{"message": "{\\"sender\\":{\\"id\\":\\"7000000000054321\\"}}"}'),
    ('logs/b.jsonl', 6, 'no entry', '{"sender":{"id":7000000000099999},"recipient":{"user_ref":"ref-7000"}}'),
    ('logs/b.jsonl', 8, 'no entry', '{}');
UPDATE warehouse_state SET version = version + 1, as_of = $moment, loaded_at = $moment;
