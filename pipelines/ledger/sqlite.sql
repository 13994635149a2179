-- How SQLite keeps the ledger: readers beside one writer, and every commit on disk before it returns.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA busy_timeout = 60000;
-- 256 MB at most, which a launch of a million needs: the keys of tokens are scattered over their index.
PRAGMA cache_size = -262144;
