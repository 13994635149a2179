-- What one chunk adds to the warehouse: each fact once, whichever copy of it came first.

-- name: chunk_new_view
-- The chunk's rows in events. Once copies are settled: the new facts, and fuller copies of known ones.
CREATE OR REPLACE TEMP VIEW chunk_new AS
SELECT * FROM events WHERE batch BETWEEN getvariable('batches').earliest AND getvariable('batches').latest;

-- name: point_at_batches
SET VARIABLE batches = {'earliest': $first_batch, 'latest': $last_batch};

-- name: chunk_range
SELECT min(occurred_at), max(occurred_at), count(*) FILTER (occurred_at IS NULL), count(*), count(DISTINCT source_line) FROM chunk_new;

-- name: find_repeated
-- Facts that the chunk holds twice, or that the warehouse held already. A fact's moment is part of its id, so only events of
-- the chunk's own span of time are looked at.
CREATE OR REPLACE TEMP TABLE chunk_repeated AS
SELECT event_id FROM chunk_new GROUP BY event_id HAVING count(*) > 1
UNION
SELECT event_id FROM events
WHERE occurred_at BETWEEN $earliest AND $latest AND batch < getvariable('batches').earliest
    AND event_id IN (SELECT event_id FROM chunk_new);

-- name: find_repeated_untimed
INSERT INTO chunk_repeated
SELECT event_id FROM events
WHERE occurred_at IS NULL AND batch < getvariable('batches').earliest
    AND event_id IN (SELECT event_id FROM chunk_new WHERE occurred_at IS NULL);

-- name: count_repeated
SELECT count(*) FROM chunk_repeated;

-- name: find_copies
-- Of several copies of one fact the fullest is kept: the owner's before a standby copy, then the longest, then the first
-- delivered. The order is total, so that any order of loading ends with the same row.
CREATE OR REPLACE TEMP TABLE chunk_copies AS
SELECT
    event_id, rowid AS event_row, batch, source_line, page_id, kind, occurred_at, received_at,
    min(batch) OVER (PARTITION BY event_id) < getvariable('batches').earliest AS is_known,
    row_number() OVER (
        PARTITION BY event_id
        ORDER BY channel = 'messaging' DESC, length(payload) DESC, payload, received_at NULLS LAST, batch, source_line, rowid
    ) = 1 AS is_best
FROM events
WHERE event_id IN (SELECT event_id FROM chunk_repeated)
    AND (occurred_at BETWEEN $earliest AND $latest OR occurred_at IS NULL);

-- name: find_replaced
-- Copies that stood in the warehouse and give way to a fuller one.
CREATE OR REPLACE TEMP TABLE chunk_replaced AS
SELECT event_id, page_id, kind, occurred_at, received_at FROM chunk_copies WHERE NOT is_best AND batch < getvariable('batches').earliest;

-- name: no_copies
CREATE OR REPLACE TEMP TABLE chunk_replaced AS
SELECT event_id, page_id, kind, occurred_at, received_at FROM events LIMIT 0;

-- name: count_lines
-- A line is told by the best that it brought: a new event, else a known one.
WITH items AS (
    SELECT n.source_line, c.event_id IS NULL OR (c.is_best AND NOT c.is_known) AS is_new
    FROM events AS n LEFT JOIN chunk_copies AS c ON c.event_row = n.rowid
    WHERE n.batch = getvariable('batches').latest
),
lines AS (
    SELECT source_line, count(*) FILTER (is_new) AS count_new FROM items GROUP BY source_line
)
SELECT count(*) FILTER (count_new > 0)::BIGINT, coalesce(sum(count_new), 0)::BIGINT FROM lines;

-- name: drop_copies
DELETE FROM events
WHERE rowid IN (SELECT event_row FROM chunk_copies WHERE NOT is_best)
    AND (occurred_at BETWEEN $earliest AND $latest OR occurred_at IS NULL);

-- name: number_by_document
UPDATE events SET source_line = $line_numbers[source_line] WHERE batch = getvariable('batches').latest;

-- name: keep_rejects
INSERT INTO rejects
SELECT $source_file, unnest($lines), unnest($reasons), unnest($texts);

-- name: forget_torn
DELETE FROM rejects WHERE source_file = $source_file AND source_line > $last_line;

-- name: find_source
SELECT bytes_loaded, lines, event_lines, duplicate_lines, reject_lines, events, duplicates, first_event_at, last_event_at,
    first_loaded_at, last_loaded_at, physical_lines, head_bytes, head_hash, file_bytes, has_torn_tail
FROM sources WHERE source_file = $source_file;

-- name: keep_source
INSERT OR REPLACE INTO sources
SELECT $source_file, $bytes_loaded, $lines, $event_lines, $duplicate_lines, $reject_lines, $events, $duplicates,
    $first_event_at, $last_event_at, $first_loaded_at, $last_loaded_at, $physical_lines, $head_bytes, $head_hash, $file_bytes, $has_torn_tail;
