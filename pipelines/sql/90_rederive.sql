-- The events of the warehouse, laid out as if they were a chunk being loaded.

-- name: empty_models
DELETE FROM event_hourly;
DELETE FROM contacts;
DELETE FROM windows;
DELETE FROM token_events;
DELETE FROM tokens;
DELETE FROM token_spans;
DELETE FROM token_daily;

-- name: last_row
SELECT coalesce(max(rowid), -1) FROM events;

-- name: point_at_rows
SET VARIABLE first_row = $first_row;
SET VARIABLE last_row = $last_row;

-- name: take_events
CREATE OR REPLACE TEMP VIEW chunk_new AS
SELECT event_id, page_id, psid, kind, occurred_at, received_at, mid, payload, object, channel
FROM events WHERE rowid BETWEEN getvariable('first_row') AND getvariable('last_row');

-- name: nothing_known
CREATE OR REPLACE TEMP TABLE chunk_known AS SELECT event_id, page_id, kind, occurred_at, received_at FROM events LIMIT 0;
CREATE OR REPLACE TEMP TABLE chunk_replaced AS SELECT event_id FROM events LIMIT 0;
