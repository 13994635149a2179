-- Which events are gone: of people who were forgotten, and of kinds that are kept for so long only. One load, one session.

-- name: erased_people
CREATE OR REPLACE TEMP TABLE erased_people (person_hash VARCHAR, page_id VARCHAR, until_at TIMESTAMP);

-- name: fill_erased_people
INSERT INTO erased_people SELECT person_hash, page_id, until_at FROM lent_rows;

-- name: erased_kinds
CREATE OR REPLACE TEMP TABLE erased_kinds (kind VARCHAR, before_at TIMESTAMP);

-- name: fill_erased_kinds
INSERT INTO erased_kinds SELECT kind, before_at FROM lent_rows;

-- name: of_chunk_events
-- What the statements below look at: a chunk that was read ...
CREATE OR REPLACE TEMP VIEW erasable AS SELECT rowid AS event_row, page_id, psid, kind, occurred_at FROM chunk_events;

-- name: of_events
-- ... or all that is loaded.
CREATE OR REPLACE TEMP VIEW erasable AS SELECT rowid AS event_row, page_id, psid, kind, occurred_at FROM events;

-- name: known_people
-- One row per person in it who was forgotten. A person is hashed once, however many events there are.
CREATE OR REPLACE TEMP TABLE erased_known AS
SELECT p.page_id, p.psid, t.until_at
FROM (SELECT DISTINCT page_id, psid FROM erasable WHERE psid <> '' AND page_id IN (SELECT page_id FROM erased_people)) AS p
JOIN erased_people AS t ON t.person_hash = sha256($key || p.page_id || '/' || p.psid);

-- name: erased_rows
CREATE OR REPLACE TEMP TABLE erased_rows AS
SELECT e.event_row
FROM erasable AS e JOIN erased_known AS k ON k.page_id = e.page_id AND k.psid = e.psid
WHERE e.occurred_at IS NULL OR e.occurred_at <= k.until_at
UNION
SELECT e.event_row FROM erasable AS e JOIN erased_kinds AS k ON k.kind = e.kind AND e.occurred_at < k.before_at;

-- name: count_rows
SELECT count(*) FROM erased_rows;

-- name: emptied_lines
SELECT source_line FROM chunk_events
GROUP BY source_line
HAVING bool_and(rowid IN (SELECT event_row FROM erased_rows))
ORDER BY source_line;

-- name: clear_beside
-- What stood beside an event that goes may be a copy of it: the others of its line lose that too.
UPDATE chunk_events SET envelope = NULL
WHERE envelope IS NOT NULL AND source_line IN (SELECT source_line FROM chunk_events WHERE rowid IN (SELECT event_row FROM erased_rows));

-- name: drop_rows
DELETE FROM chunk_events WHERE rowid IN (SELECT event_row FROM erased_rows);
