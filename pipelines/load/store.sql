-- What one chunk adds to the warehouse: each fact once, whichever copy of it came first.

-- name: use_chunk
-- What the models read. Once copies are settled: the new facts, and fuller copies of known ones.
CREATE OR REPLACE TEMP VIEW chunk_new AS SELECT * FROM chunk_events;

-- name: none_replaced
-- What the models must take back: events that gave way to fuller copies after the models had seen them.
CREATE OR REPLACE TEMP TABLE chunk_replaced AS
SELECT event_id, page_id, kind, occurred_at, received_at FROM events LIMIT 0;

-- name: chunk_range
SELECT min(occurred_at), max(occurred_at), count(*) FILTER (occurred_at IS NULL), count(*), count(DISTINCT source_line) FROM chunk_events;

-- name: find_known
-- Facts that the warehouse holds already. A fact's moment is part of its id, so only the chunk's own span of time is looked at.
CREATE OR REPLACE TEMP TABLE chunk_known AS
SELECT event_id FROM events
WHERE occurred_at BETWEEN $earliest AND $latest AND event_id IN (SELECT event_id FROM chunk_events);

-- name: find_known_untimed
INSERT INTO chunk_known
SELECT event_id FROM events
WHERE occurred_at IS NULL AND event_id IN (SELECT event_id FROM chunk_events WHERE occurred_at IS NULL);

-- name: count_repeated
SELECT count(*) FROM (
    SELECT event_id FROM chunk_known
    UNION ALL
    SELECT event_id FROM chunk_events GROUP BY event_id HAVING count(*) > 1
);

-- name: find_copies
-- Of several copies of one fact the fullest is kept: the owner's before a standby copy, then the longest, then the first
-- delivered. The order is total, so that any order of loading ends with the same row. chunk_row is NULL for the known copy.
CREATE OR REPLACE TEMP TABLE chunk_copies AS
WITH repeated AS (
    SELECT event_id FROM chunk_known
    UNION
    SELECT event_id FROM chunk_events GROUP BY event_id HAVING count(*) > 1
),
copies AS (
    SELECT event_id, rowid AS chunk_row, source_line, page_id, kind, occurred_at, received_at, channel, CAST(payload AS VARCHAR) AS payload, CAST(envelope AS VARCHAR) AS envelope, NULL AS batch
    FROM chunk_events WHERE event_id IN (SELECT event_id FROM repeated)
    UNION ALL
    SELECT event_id, NULL, NULL, page_id, kind, occurred_at, received_at, channel, CAST(payload AS VARCHAR), CAST(envelope AS VARCHAR), batch
    FROM events
    WHERE event_id IN (SELECT event_id FROM chunk_known) AND (occurred_at BETWEEN $earliest AND $latest OR occurred_at IS NULL)
)
SELECT
    * EXCLUDE (channel, payload, envelope),
    bool_or(chunk_row IS NULL) OVER (PARTITION BY event_id) AS is_known,
    row_number() OVER (
        PARTITION BY event_id
        ORDER BY channel = 'messaging' DESC, length(payload) DESC, payload, received_at NULLS LAST, length(envelope) DESC NULLS LAST, envelope, chunk_row IS NULL DESC, source_line, chunk_row
    ) = 1 AS is_best
FROM copies;

-- name: note_replaced
INSERT INTO chunk_replaced
SELECT event_id, page_id, kind, occurred_at, received_at FROM chunk_copies
WHERE chunk_row IS NULL AND NOT is_best AND batch < $first_batch;

-- name: count_lines
-- A line is told by the best that it brought: a new event, else a known one.
WITH items AS (
    SELECT e.source_line, c.event_id IS NULL OR (c.is_best AND NOT c.is_known) AS is_new
    FROM chunk_events AS e LEFT JOIN chunk_copies AS c ON c.chunk_row = e.rowid
),
lines AS (
    SELECT source_line, count(*) FILTER (is_new) AS count_new FROM items GROUP BY source_line
)
SELECT count(*) FILTER (count_new > 0)::BIGINT, coalesce(sum(count_new), 0)::BIGINT FROM lines;

-- name: drop_copies
DELETE FROM chunk_events WHERE rowid IN (SELECT chunk_row FROM chunk_copies WHERE NOT is_best);

-- name: drop_replaced
DELETE FROM events
WHERE event_id IN (SELECT event_id FROM chunk_copies WHERE chunk_row IS NULL AND NOT is_best) AND (occurred_at BETWEEN $earliest AND $latest OR occurred_at IS NULL);

-- name: keep_events
INSERT INTO events BY NAME
SELECT
    * EXCLUDE (fault) REPLACE (CASE WHEN len($line_numbers) = 0 THEN source_line ELSE $line_numbers[source_line] END AS source_line),
    $source_file AS source_file, $batch AS batch
FROM chunk_events;

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
