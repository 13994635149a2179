-- Takes what is gone out of the warehouse. erased_rows: rows of events; erased_lines: lines of files that changed.

-- name: state
-- One row: the last journal of an erasure whose lines are counted.
CREATE TABLE IF NOT EXISTS erasure_state (journal VARCHAR);

-- name: told
SELECT journal FROM erasure_state WHERE journal = $journal;

-- name: forget_told
DELETE FROM erasure_state;

-- name: tell
INSERT INTO erasure_state VALUES ($journal);

-- name: doomed
-- One row per event that goes.
CREATE OR REPLACE TEMP TABLE doomed AS
SELECT rowid AS event_row, event_id, page_id, psid, kind, occurred_at, source_file, source_line
FROM events WHERE rowid IN (SELECT event_row FROM erased_rows);

-- name: kinds
-- One row per kind of event that goes.
SELECT kind, count(*) FROM doomed GROUP BY kind ORDER BY kind;

-- name: drop_events
DELETE FROM events WHERE rowid IN (SELECT event_row FROM doomed);

-- name: lines
-- One row per line of the logs that lost something. is_told: its file was changed; of another file only the events are gone.
-- A line counts only once it was loaded: up to the bookmark, or in a document, which is read as a whole.
CREATE OR REPLACE TEMP TABLE line_changes AS
WITH told AS (
    SELECT l.source_file, l.source_line, CAST(sum(CAST(l.is_blank AS INT)) AS BIGINT) AS blanks, CAST(sum(l.items) AS BIGINT) AS items
    FROM erased_lines AS l JOIN sources AS s USING (source_file)
    WHERE l.ends_at <= s.bytes_loaded OR (s.has_torn_tail AND l.source_line = s.physical_lines + 1) OR (s.physical_lines = 0 AND s.bytes_loaded = 0)
    GROUP BY ALL
),
gone AS (
    SELECT source_file, source_line, count(*) AS events FROM doomed GROUP BY ALL
)
SELECT
    source_file, source_line, t.source_file IS NOT NULL AS is_told, coalesce(t.blanks, 0) AS blanks, coalesce(t.blanks, 0) > 0 AS is_blank,
    coalesce(t.items, 0) AS items, coalesce(g.events, 0) AS events,
    EXISTS (SELECT 1 FROM events AS e WHERE e.source_file = coalesce(t.source_file, g.source_file) AND e.source_line = coalesce(t.source_line, g.source_line)) AS has_others,
    EXISTS (SELECT 1 FROM rejects AS r WHERE r.source_file = coalesce(t.source_file, g.source_file) AND r.source_line = coalesce(t.source_line, g.source_line)) AS is_reject
FROM told AS t FULL JOIN gone AS g USING (source_file, source_line);

-- name: recount
-- What each file's balance sheet loses, and which of its lines stand elsewhere now. A blank line is none.
CREATE OR REPLACE TEMP TABLE recounted AS
SELECT
    source_file, CAST(sum(events) AS BIGINT) AS events, CAST(sum(greatest(items - events, 0)) AS BIGINT) AS duplicates,
    CAST(sum(blanks) AS BIGINT) AS lines,
    CAST(coalesce(sum(least(blanks, events)) FILTER (is_blank), 0) + count(*) FILTER (events > 0 AND NOT has_others AND NOT is_blank) AS BIGINT) AS event_lines,
    count(*) FILTER (is_blank AND events = 0 AND is_reject) AS reject_lines,
    count(*) FILTER (events > 0 AND NOT has_others AND NOT is_blank AND (is_reject OR NOT is_told)) AS became_rejects
FROM line_changes GROUP BY source_file;

-- name: balance
-- A fact whose fuller copy came later from another file was counted where it came first: no count falls below nothing.
UPDATE sources AS s SET
    lines = s.lines - r.lines,
    event_lines = greatest(s.event_lines - r.event_lines, 0),
    reject_lines = s.reject_lines - r.reject_lines + r.became_rejects,
    duplicate_lines = s.lines - r.lines - greatest(s.event_lines - r.event_lines, 0) - (s.reject_lines - r.reject_lines + r.became_rejects),
    events = s.events - r.events,
    duplicates = greatest(s.duplicates - r.duplicates, 0),
    has_torn_tail = s.has_torn_tail AND NOT EXISTS (
        SELECT 1 FROM line_changes AS l WHERE l.source_file = s.source_file AND l.is_blank AND l.source_line = s.physical_lines + 1
    )
FROM recounted AS r WHERE r.source_file = s.source_file;

-- name: beside
-- What stood beside an event that goes may be a copy of it: in a file that nobody changed, the others of its line lose that.
UPDATE events AS e SET envelope = NULL
FROM line_changes AS l
WHERE NOT l.is_told AND e.envelope IS NOT NULL AND e.source_file = l.source_file AND e.source_line = l.source_line;

-- name: read_again
-- One row per event that a changed line gives now, beside the row of the event that it gave before: the same fact, or the same
-- moment and kind where an id was masked in a text by which facts are told apart.
CREATE OR REPLACE TEMP TABLE read_again AS
WITH given AS (
    SELECT l.source_file, l.source_line AS line, c.* EXCLUDE (source_line)
    FROM chunk_events AS c JOIN changed_lines AS l ON l.row_number = c.source_line
),
had AS (
    SELECT e.rowid AS event_row, e.event_id, e.page_id, e.psid, e.kind, e.occurred_at, e.source_file, e.source_line AS line
    FROM events AS e SEMI JOIN changed_lines AS l ON l.source_file = e.source_file AND l.source_line = e.source_line
),
same AS (
    SELECT DISTINCT ON (h.event_row) h.event_row, g.event_id, g.payload, g.metadata, g.envelope
    FROM had AS h JOIN given AS g ON g.source_file = h.source_file AND g.line = h.line AND g.event_id = h.event_id
    ORDER BY h.event_row, length(CAST(g.payload AS VARCHAR)) DESC, g.payload
),
rest_had AS (
    SELECT *, row_number() OVER (PARTITION BY source_file, line, page_id, psid, kind, occurred_at ORDER BY event_row) AS place
    FROM had WHERE event_row NOT IN (SELECT event_row FROM same)
),
rest_given AS (
    SELECT *, row_number() OVER (PARTITION BY source_file, line, page_id, psid, kind, occurred_at ORDER BY payload) AS place
    FROM given WHERE event_id NOT IN (SELECT event_id FROM events)
)
FROM same
UNION ALL
SELECT h.event_row, g.event_id, g.payload, g.metadata, g.envelope
FROM rest_had AS h JOIN rest_given AS g
    ON g.source_file = h.source_file AND g.line = h.line AND g.page_id = h.page_id AND g.psid = h.psid AND g.kind = h.kind
    AND g.occurred_at IS NOT DISTINCT FROM h.occurred_at AND g.place = h.place;

-- name: keep_read
UPDATE events AS e SET event_id = r.event_id, payload = r.payload, metadata = r.metadata, envelope = r.envelope
FROM read_again AS r WHERE r.event_row = e.rowid;

-- name: owed
SELECT coalesce(sum(-events), 0)::BIGINT FROM sources WHERE events < 0;

-- name: settle_owed
UPDATE sources SET events = CASE WHEN events < 0 THEN 0 ELSE events - $owed END
WHERE events < 0 OR source_file = (SELECT source_file FROM sources ORDER BY events DESC, source_file LIMIT 1);

-- name: spans
-- The first and the last event of a file, where those went.
UPDATE sources AS s SET
    first_event_at = CASE WHEN d.first_at <= s.first_event_at THEN n.first_at ELSE s.first_event_at END,
    last_event_at = CASE WHEN d.last_at >= s.last_event_at THEN n.last_at ELSE s.last_event_at END
FROM (SELECT source_file, min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM doomed GROUP BY source_file) AS d
LEFT JOIN (
    SELECT source_file, min(occurred_at) AS first_at, max(occurred_at) AS last_at
    FROM events WHERE source_file IN (SELECT source_file FROM doomed) GROUP BY source_file
) AS n USING (source_file)
WHERE d.source_file = s.source_file;

-- name: drop_rejects
DELETE FROM rejects AS r USING line_changes AS l
WHERE l.is_blank AND r.source_file = l.source_file AND r.source_line = l.source_line;

-- name: change_rejects
UPDATE rejects AS r SET line = l.line
FROM erased_lines AS l
WHERE NOT l.is_blank AND r.source_file = l.source_file AND r.source_line = l.source_line;

-- name: add_rejects
-- A line of a file that nobody changed, of which nothing is left: the next load of it would say the same.
INSERT INTO rejects
SELECT source_file, source_line, $reason, $text FROM line_changes WHERE NOT is_told AND events > 0 AND NOT has_others;

-- name: quoting_rejects
-- Rejected lines that may name somebody.
SELECT rowid, line FROM rejects WHERE regexp_matches(line, '[0-9]{6}') AND line <> $text;

-- name: mask_rejects
UPDATE rejects SET line = $text WHERE rowid IN (SELECT unnest($rows));

-- name: bookmarks
-- One row per file that changed.
SELECT source_file, head_bytes, file_bytes FROM sources WHERE source_file IN (SELECT unnest($files));

-- name: keep_head
UPDATE sources SET head_hash = $head_hash, file_bytes = $file_bytes WHERE source_file = $source_file;

-- name: moment
SELECT coalesce(as_of, $now) FROM warehouse_state;

-- name: audited
SELECT count(*) FROM duckdb_tables() WHERE table_name = 'audit_state';

-- name: to_judge
-- A row if what is left is still to be judged.
SELECT batch FROM audit_state WHERE batch < 0;

-- name: forget_sent
-- Who is gone was sent nothing ...
DELETE FROM outbound WHERE event_id IN (SELECT event_id FROM doomed);

-- name: forget_texts
-- ... and a text that went to nobody else is kept nowhere.
DELETE FROM text_answers AS a WHERE NOT EXISTS (
    SELECT 1 FROM outbound AS o
    WHERE o.text_key = a.text_key AND o.lane IS NOT DISTINCT FROM a.lane AND o.topic IS NOT DISTINCT FROM a.topic AND o.regime = a.regime
);
DELETE FROM text_findings AS f WHERE NOT EXISTS (
    SELECT 1 FROM outbound AS o
    WHERE o.text_key = f.text_key AND o.lane IS NOT DISTINCT FROM f.lane AND o.topic IS NOT DISTINCT FROM f.topic AND o.regime = f.regime
);
DELETE FROM sent_texts WHERE text_key NOT IN (SELECT text_key FROM outbound WHERE text_key IS NOT NULL);

-- name: judge_anew
-- Answers about the other texts stay: to find them again is what takes long.
DELETE FROM outbound;
DELETE FROM findings;
UPDATE audit_state SET batch = -1;

-- name: held
-- One row per kind: what is held of the people that erased_people names.
SELECT kind, count(*), max(occurred_at) FROM events WHERE psid = $psid AND ($page_id IS NULL OR page_id = $page_id) GROUP BY kind ORDER BY kind;

-- name: pages_of
-- One row per Page on which a person is known.
SELECT DISTINCT page_id FROM events WHERE psid = $psid AND page_id IS NOT NULL ORDER BY page_id;

-- name: pages
-- One row per Page.
SELECT DISTINCT page_id FROM event_hourly WHERE page_id IS NOT NULL ORDER BY page_id;
