-- What one chunk adds to the warehouse: each fact once, whichever copy of it came first.

-- name: chunk_range
SELECT min(occurred_at), max(occurred_at), count(*) FILTER (occurred_at IS NULL) FROM chunk_items WHERE fault IS NULL;

-- name: find_known
-- Facts that the warehouse holds already. A redelivery carries the event's own time, so only events near in time are looked at.
CREATE OR REPLACE TEMP TABLE chunk_known AS
SELECT event_id, channel, payload, page_id, kind, occurred_at, received_at
FROM events
WHERE occurred_at BETWEEN $earliest AND $latest AND event_id IN (SELECT event_id FROM chunk_items WHERE fault IS NULL);

-- name: find_known_untimed
INSERT INTO chunk_known
SELECT event_id, channel, payload, page_id, kind, occurred_at, received_at
FROM events
WHERE occurred_at IS NULL AND event_id IN (SELECT event_id FROM chunk_items WHERE fault IS NULL AND occurred_at IS NULL);

-- name: choose_copies
-- Of several copies of one fact the fullest is kept: the owner's before a standby copy, then the longest, then the first delivered.
-- The order is total, so that any order of loading ends with the same row.
CREATE OR REPLACE TEMP TABLE chunk_copies AS
WITH repeated AS (
    SELECT event_id FROM chunk_items WHERE fault IS NULL GROUP BY event_id HAVING count(*) > 1
    UNION
    SELECT event_id FROM chunk_known
),
copies AS (
    SELECT event_id, rowid AS item_row, channel, payload, received_at, line_row
    FROM chunk_items WHERE fault IS NULL AND event_id IN (SELECT event_id FROM repeated)
    UNION ALL
    SELECT event_id, NULL, channel, payload, received_at, -1 FROM chunk_known
)
SELECT
    event_id, item_row,
    row_number() OVER (
        PARTITION BY event_id
        ORDER BY channel = 'messaging' DESC, length(payload) DESC, payload, received_at NULLS LAST, line_row, item_row
    ) = 1 AS is_best
FROM copies;

-- name: find_replaced
CREATE OR REPLACE TEMP TABLE chunk_replaced AS
SELECT k.event_id FROM chunk_known AS k JOIN chunk_copies AS c ON c.event_id = k.event_id WHERE c.is_best AND c.item_row IS NOT NULL;

-- name: chunk_new
-- The items that enter the warehouse: new facts, and fuller copies of known ones.
CREATE OR REPLACE TEMP VIEW chunk_new AS
SELECT * FROM chunk_items
WHERE fault IS NULL AND rowid NOT IN (SELECT item_row FROM chunk_copies WHERE NOT is_best AND item_row IS NOT NULL);

-- name: count_lines
-- A line is told by the best that it brought: a new event, else a known one; what brought neither is a reject.
WITH lines AS (
    SELECT
        i.line_row,
        count(*) FILTER (k.event_id IS NULL AND (c.item_row IS NULL OR c.is_best)) AS count_new,
        count(*) AS count_items
    FROM chunk_items AS i
    LEFT JOIN chunk_copies AS c ON c.item_row = i.rowid
    LEFT JOIN chunk_known AS k ON k.event_id = i.event_id
    WHERE i.fault IS NULL
    GROUP BY i.line_row
)
SELECT
    count(*) FILTER (count_new > 0)::BIGINT AS event_lines,
    count(*) FILTER (count_new = 0)::BIGINT AS duplicate_lines,
    coalesce(sum(count_new), 0)::BIGINT AS events,
    coalesce(sum(count_items - count_new), 0)::BIGINT AS duplicates,
    (SELECT min(occurred_at) FROM chunk_items WHERE fault IS NULL) AS first_event_at,
    (SELECT max(occurred_at) FROM chunk_items WHERE fault IS NULL) AS last_event_at
FROM lines;

-- name: drop_replaced
DELETE FROM events
WHERE occurred_at BETWEEN $earliest AND $latest
    AND event_id IN (SELECT event_id FROM chunk_replaced);

-- name: drop_replaced_untimed
DELETE FROM events
WHERE occurred_at IS NULL
    AND event_id IN (SELECT event_id FROM chunk_replaced);

-- name: keep_events
INSERT INTO events
SELECT event_id, page_id, psid, kind, occurred_at, mid, payload, $source_file, CASE WHEN len($line_numbers) = 0 THEN $first_line + line_row ELSE $line_numbers[line_row + 1] END, object, channel, received_at
FROM chunk_new;

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
