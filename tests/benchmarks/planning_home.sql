-- A warehouse in which everybody of $people can be written to: three in ten by an open window, the others by a token. $moment is its present, naive UTC.
-- Each hash(16 * i + n) is a throw of dice of its own. Rows stand in the order in which loading leaves them.

CREATE TEMP TABLE people AS
SELECT i AS person, '108444444444444' AS page_id, '7' || lpad((i * 48271)::VARCHAR, 16, '0') AS psid,
    $moment - to_minutes((400000 + hash(16 * i) % 200000)::BIGINT) AS first_seen_at
FROM range($people) AS numbers(i);
INSERT INTO contacts SELECT page_id, psid, first_seen_at, hash(page_id, psid) FROM people ORDER BY first_seen_at;

INSERT INTO windows
SELECT page_id, psid, opened_at, opened_at + INTERVAL 24 HOUR, 'message', hash(page_id, psid)
FROM (
    SELECT *, $moment - to_minutes((1 + hash(16 * person + 1) % 1400)::BIGINT) AS opened_at FROM people WHERE person % 10 < 3
    UNION ALL
    SELECT *, $moment - to_minutes((2000 + hash(16 * person + 2) % 300000)::BIGINT) FROM people
)
ORDER BY opened_at;

-- A token on the campaign's topic for everybody, a second for every fourth, and one on another topic.
CREATE TEMP TABLE given AS
SELECT
    *, md5('key ' || person || ' ' || nth)::UUID AS token_key, md5('token ' || person || ' ' || nth) AS token,
    CASE WHEN nth < 2 THEN 'restock:trail-shoes' ELSE 'launch:spring' END AS topic,
    CASE WHEN nth = 0 AND person % 10 = 9 THEN 'marketing' ELSE 'otn' END AS kind,
    $moment - to_minutes((10 + hash(16 * person + 3 + nth) % 300000)::BIGINT) AS opted_in_at
FROM people CROSS JOIN range(3) AS tokens(nth)
WHERE nth <> 1 OR person % 4 = 0;
INSERT INTO token_spans
SELECT
    token_key, page_id, kind, topic, hash(page_id, psid), state.name, state.from_at, state.to_at, opted_in_at, opted_in_at + INTERVAL 364 DAY
FROM (
    SELECT *, unnest([
        {'name': 'available', 'from_at': opted_in_at, 'to_at': opted_in_at + INTERVAL 364 DAY},
        {'name': 'expired', 'from_at': opted_in_at + INTERVAL 364 DAY, 'to_at': TIMESTAMP '9999-12-31'}
    ]) AS state
    FROM given
)
ORDER BY opted_in_at;
INSERT INTO tokens
SELECT
    token, kind, page_id, psid, topic, opted_in_at, opted_in_at + INTERVAL 364 DAY, opted_in_at + INTERVAL 364 DAY, 'available', NULL, NULL,
    CASE kind WHEN 'marketing' THEN 'EU' ELSE 'unknown' END, md5('event ' || token)::UUID, token_key
FROM given
ORDER BY opted_in_at;

INSERT INTO events BY NAME
SELECT
    md5('echo ' || person)::UUID AS event_id, page_id, psid, 'message_echo' AS kind,
    $moment - to_minutes((1 + hash(16 * person + 8) % 40000)::BIGINT) AS occurred_at,
    json_object('message', json_object('mid', 'm_' || person, 'is_echo', true, 'text', 'Your order is on its way.')) AS payload,
    'logs/0.jsonl' AS source_file, person AS source_line, 'page' AS object, 'messaging' AS channel, occurred_at AS received_at, 1 AS batch
FROM people
ORDER BY occurred_at;
UPDATE warehouse_state SET version = 1, as_of = $moment, loaded_at = $moment;
