-- A warehouse as big as the pages must bear: $tokens tokens, 4 events and 0.3 contacts for each. $moment is its present, naive UTC.
-- Each hash(16 * i + n) is a throw of dice of its own. Rows stand in the order in which loading leaves them: by the time of what was last known about them.

CREATE TEMP TABLE people AS
SELECT i AS person, ['108444444444444', '108555555555555', '108666666666666', '108777777777777'][1 + i % 4] AS page_id,
    '7' || lpad((i * 48271)::VARCHAR, 15, '0') AS psid,
    $moment - to_minutes((hash(16 * i + 0) % 617000)::BIGINT) AS first_seen_at
FROM range($tokens * 3 // 10) AS numbers(i);
INSERT INTO contacts SELECT page_id, psid, first_seen_at, hash(page_id, psid) FROM people ORDER BY first_seen_at;

CREATE TEMP TABLE given AS
SELECT
    i, md5('key ' || i)::UUID AS token_key, md5('token ' || i) AS token, p.page_id, p.psid,
    ['restock:', 'launch:', 'discount:', 'survey:'][1 + i % 4] || 'topic-' || (hash(16 * i + 1) % 10)::VARCHAR AS topic,
    CASE WHEN i % 5 < 2 THEN 'marketing' ELSE 'otn' END AS kind,
    $moment - to_minutes((hash(16 * i + 2) % 617000)::BIGINT) AS opted_in_at,
    (hash(16 * i + 3) % 100)::INTEGER AS fate, to_minutes(60 + (hash(16 * i + 4) % 170000)::BIGINT) AS after
FROM range($tokens) AS numbers(i) JOIN people AS p ON p.person = hash(16 * i + 5) % ($tokens * 3 // 10);
CREATE TEMP TABLE lived AS
SELECT
    *, opted_in_at + to_days(CASE kind WHEN 'otn' THEN 364 ELSE 270 END) AS expires_at,
    CASE WHEN kind = 'marketing' AND fate < 70 AND opted_in_at < TIMESTAMP '2026-02-10' THEN TIMESTAMP '2026-02-10' END AS closed_at
FROM given;
CREATE TEMP TABLE fates AS
SELECT
    *, least(expires_at, coalesce(closed_at, expires_at)) AS effective_expires_at,
    CASE WHEN kind = 'otn' AND fate < 45 AND opted_in_at + after < least(expires_at, $moment) THEN opted_in_at + after END AS spent_at,
    CASE WHEN fate >= 94 AND opted_in_at + after < least(expires_at, $moment) THEN opted_in_at + after END AS revoked_at
FROM lived;

CREATE TEMP TABLE spans AS
SELECT
    token_key, page_id, kind, topic, hash(page_id, psid) AS contact_key, state.name AS state, state.from_at AS from_at, state.to_at AS to_at,
    opted_in_at, effective_expires_at AS ends_at, coalesce(spent_at, revoked_at, opted_in_at) AS known_at
FROM (
    SELECT *, unnest([
        {'name': 'available', 'from_at': opted_in_at, 'to_at': coalesce(CASE WHEN fate % 2 = 0 THEN spent_at - INTERVAL 1 HOUR END, spent_at, revoked_at, effective_expires_at)},
        {'name': 'reserved', 'from_at': CASE WHEN fate % 2 = 0 THEN spent_at - INTERVAL 1 HOUR ELSE spent_at END, 'to_at': spent_at},
        {
            'name': CASE WHEN spent_at IS NOT NULL THEN 'spent' WHEN revoked_at IS NOT NULL THEN 'revoked'
                WHEN effective_expires_at < expires_at THEN 'stranded' ELSE 'expired' END,
            'from_at': coalesce(spent_at, revoked_at, effective_expires_at), 'to_at': TIMESTAMP '9999-12-31'
        }
    ]) AS state
    FROM fates
)
WHERE state.from_at < state.to_at;
INSERT INTO token_spans SELECT * EXCLUDE (known_at) FROM spans ORDER BY known_at;
INSERT INTO tokens
SELECT
    token, kind, page_id, psid, topic, opted_in_at, expires_at, effective_expires_at,
    CASE WHEN spent_at IS NOT NULL THEN 'spent' WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN effective_expires_at > $moment THEN 'available'
        WHEN effective_expires_at < expires_at THEN 'stranded' ELSE 'expired' END,
    spent_at, revoked_at, 'unknown', md5('event ' || i)::UUID, token_key
FROM fates
ORDER BY coalesce(spent_at, revoked_at, opted_in_at);
INSERT INTO token_daily
SELECT day, page_id, kind, topic, state, sum(entered)::BIGINT, sum(gone)::BIGINT
FROM (
    SELECT CAST(from_at AS DATE) AS day, page_id, kind, topic, state, 1 AS entered, 0 AS gone FROM spans
    UNION ALL
    SELECT CAST(to_at AS DATE), page_id, kind, topic, state, 0, 1 FROM spans WHERE to_at < TIMESTAMP '9999-12-31'
)
GROUP BY ALL;

INSERT INTO windows
SELECT p.page_id, p.psid, o.opened_at, o.opened_at + INTERVAL 24 HOUR, 'message', hash(p.page_id, p.psid)
FROM (
    SELECT hash(16 * i + 6) % ($tokens * 3 // 10) AS person, $moment - to_minutes((hash(16 * i + 7) % 617000)::BIGINT) AS opened_at
    FROM range($tokens * 2 // 5) AS numbers(i)
) AS o JOIN people AS p USING (person)
ORDER BY o.opened_at;

INSERT INTO events BY NAME
SELECT
    md5('event ' || i)::UUID AS event_id, p.page_id, p.psid,
    CASE WHEN i % 1000000 = 0 THEN 'policy_enforcement'
        ELSE ['message', 'message_echo', 'message_echo', 'delivery', 'delivery', 'read', 'read', 'postback', 'reaction', 'optin'][1 + i % 10] END AS kind,
    $moment - to_milliseconds((37020000000 * (1 - i / ($tokens * 4)))::BIGINT) AS occurred_at,
    CASE WHEN i % 1000000 = 0 THEN '{"policy_enforcement":{"action":"warning","reason":"Sent too often"}}' ELSE '{}' END AS payload,
    'logs/' || lpad((i // 300000)::VARCHAR, 4, '0') || '.jsonl' AS source_file, i % 300000 + 1 AS source_line,
    'page' AS object, 'messaging' AS channel, occurred_at + to_milliseconds((hash(16 * i + 8) % 2000)::BIGINT) AS received_at, 1 + i // 300000 AS batch
FROM range($tokens * 4) AS numbers(i) JOIN people AS p ON p.person = hash(16 * i + 9) % ($tokens * 3 // 10);
INSERT INTO event_hourly
SELECT
    date_trunc('hour', occurred_at), page_id, kind, count(*), sum(date_diff('millisecond', occurred_at, received_at))::BIGINT, count(*), 0
FROM events
GROUP BY ALL;
INSERT INTO sources (
    source_file, bytes_loaded, lines, event_lines, duplicate_lines, reject_lines, events, duplicates,
    first_event_at, last_event_at, first_loaded_at, last_loaded_at
)
SELECT source_file, 310 * count(*), count(*) + 50, count(*), 30, 20, count(*), 30, min(occurred_at), max(occurred_at), $moment, $moment
FROM events
GROUP BY source_file;
INSERT INTO rejects
SELECT source_file, unnest(range(20)), 'is cut off: the JSON ends in the middle, at column 80', '{"object":"page","entry":[{"id":"108444444444444"' FROM sources;
UPDATE warehouse_state SET version = 1, as_of = $moment, loaded_at = $moment;
