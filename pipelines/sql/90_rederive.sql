-- The events of the warehouse, laid out as if they were a chunk being loaded.

-- name: empty_models
DELETE FROM event_hourly;
DELETE FROM contacts;
DELETE FROM windows;
DELETE FROM token_events;
DELETE FROM tokens;
DELETE FROM token_spans;
DELETE FROM held_spans;
DELETE FROM token_daily;

-- name: use_events
CREATE OR REPLACE TEMP VIEW chunk_new AS
SELECT * FROM events WHERE batch BETWEEN getvariable('batches').earliest AND getvariable('batches').latest;

-- name: point_at_batches
SET VARIABLE batches = {'earliest': $first_batch, 'latest': $last_batch};

-- name: batches
-- Runs of batches with about half a million events each.
SELECT min(batch), max(batch)
FROM (SELECT batch, sum(count(*)) OVER (ORDER BY batch) // 500000 AS run FROM events GROUP BY batch)
GROUP BY run
ORDER BY run;
