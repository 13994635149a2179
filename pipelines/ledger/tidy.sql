-- Leaves nothing behind of rows that were changed: SQLite keeps what stood there until a page is used again.

-- name: vacuum
-- Writes the whole database anew.
VACUUM;

-- name: checkpoint
-- Folds the write-ahead log into the database and empties it.
PRAGMA wal_checkpoint(TRUNCATE);
