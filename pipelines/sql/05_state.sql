-- One row: what the warehouse was made by, and the moment that tokens.state holds for.

-- name: settings
-- Parts of a chunk are parsed side by side only where the order of rows is free; nothing here relies on it.
SET TimeZone = 'UTC';
SET preserve_insertion_order = false;
SET wal_autocheckpoint = '256MB';
-- Rows that a load replaces stay behind unread: writing their neighbours anew at each checkpoint costs more than it gives back.
SET max_vacuum_tasks = 0;

-- name: tidy
-- Small pieces that stand side by side become one at the next checkpoint.
SET max_vacuum_tasks = 10;

-- name: leave
-- As in the settings above.
SET max_vacuum_tasks = 0;

-- name: exists
SELECT 1 FROM duckdb_tables() WHERE table_name = 'warehouse_state';

-- name: begin
INSERT INTO warehouse_state SELECT $schema_version, '', hash('clear-to-send'), 0, NULL, NULL;

-- name: schema_version
SELECT schema_version FROM warehouse_state;

-- name: version
SELECT version FROM warehouse_state;

-- name: rules
SELECT rules_hash = $rules_hash AND hash_probe = hash('clear-to-send'), as_of FROM warehouse_state;

-- name: commit_chunk
UPDATE warehouse_state SET version = version + 1, rules_hash = $rules_hash, hash_probe = hash('clear-to-send');

-- name: set_as_of
UPDATE warehouse_state SET version = version + 1, as_of = $as_of, loaded_at = $as_of;
