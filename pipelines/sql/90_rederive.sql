-- The events of the warehouse, laid out as if they were a chunk being loaded.

-- name: empty_models
DELETE FROM event_hourly;
DELETE FROM contacts;
DELETE FROM windows;
DELETE FROM token_events;
DELETE FROM tokens;
DELETE FROM token_spans;
DELETE FROM token_daily;

-- name: batches
-- Runs of batches with about half a million events each.
SELECT min(batch), max(batch)
FROM (SELECT batch, sum(count(*)) OVER (ORDER BY batch) // 500000 AS run FROM events GROUP BY batch)
GROUP BY run
ORDER BY run;
