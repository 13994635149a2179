-- What must never be so. Each query returns no rows; a row is a fault of ours or a broken file.

-- name: an event stands twice
-- Looked for among the events that came with $first_batch or later, and near them in time.
SELECT event_id FROM events
WHERE occurred_at >= (SELECT min(occurred_at) FROM events WHERE batch >= $first_batch)
    AND occurred_at <= (SELECT max(occurred_at) FROM events WHERE batch >= $first_batch)
GROUP BY event_id
HAVING count(*) > 1 AND max(batch) >= $first_batch
LIMIT 5;

-- name: an event has no kind
SELECT source_file, source_line FROM events WHERE batch >= $first_batch AND kind IS NULL LIMIT 5;

-- name: a token has no event
SELECT t.page_id, t.token_key FROM tokens AS t
WHERE t.opted_in_at >= (SELECT min(occurred_at) FROM events WHERE batch >= $first_batch)
    AND NOT EXISTS (SELECT 1 FROM token_events AS e WHERE e.event_id = t.event_id)
LIMIT 5;

-- name: a file's lines do not add up
SELECT source_file FROM sources WHERE lines <> event_lines + duplicate_lines + reject_lines LIMIT 5;

-- name: the files brought another number of events than there are
SELECT s.brought, e.held
FROM (SELECT coalesce(sum(events), 0) AS brought FROM sources) AS s, (SELECT count(*) AS held FROM events) AS e
WHERE s.brought <> e.held;

-- name: the hours hold another number of events than there are
SELECT h.counted, e.held
FROM (SELECT coalesce(sum(count_events), 0) AS counted FROM event_hourly) AS h, (SELECT count(*) AS held FROM events) AS e
WHERE h.counted <> e.held;

-- name: the days end with another number of tokens than there are
SELECT d.standing, t.held
FROM (SELECT coalesce(sum(count_entered - count_left), 0) AS standing FROM token_daily) AS d, (SELECT count(*) AS held FROM tokens) AS t
WHERE d.standing <> t.held;

-- name: a rejected line has no reason
SELECT source_file, source_line FROM rejects WHERE coalesce(reason, '') = '' LIMIT 5;
