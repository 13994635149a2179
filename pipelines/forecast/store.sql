-- Where a forecast is kept. All of it is derived: it can be made again from the logs.

-- name: schema
-- One row: what the stored forecast was made from. starts_at: the moment that it starts from; batch: the last lines it has seen.
CREATE TABLE IF NOT EXISTS forecast_state (
    starts_at TIMESTAMP, made_at TIMESTAMP, batch BIGINT, method VARCHAR, seed BIGINT, count_paths INTEGER, count_days INTEGER, count_topics INTEGER
);
-- One row per (page_id, kind, topic, day): tokens held by the day on which they end; count_closing of them because their lane closes.
CREATE TABLE IF NOT EXISTS forecast_runoff (
    page_id VARCHAR, kind VARCHAR, topic VARCHAR, day DATE, count_tokens BIGINT, count_closing BIGINT
);
-- One row per (page_id, kind, topic, sends, measure, days_ahead), with NULL for all of them. sends: soonest_first or as_before.
-- measure: held at the end of the day; gained, spent and died since the start.
CREATE TABLE IF NOT EXISTS forecast_bands (
    page_id VARCHAR, kind VARCHAR, topic VARCHAR, sends VARCHAR, measure VARCHAR, days_ahead INTEGER, mean DOUBLE,
    low_95 DOUBLE, low_80 DOUBLE, low_50 DOUBLE, middle DOUBLE, high_50 DOUBLE, high_80 DOUBLE, high_95 DOUBLE
);
-- One row per (page_id, kind, topic). Means of the paths; *_week: a week, over the next four; need: tokens of a usual broadcast.
CREATE TABLE IF NOT EXISTS forecast_topics (
    page_id VARCHAR, kind VARCHAR, topic VARCHAR, count_held BIGINT, gained_week DOUBLE, spent_week DOUBLE, need DOUBLE,
    died_30 DOUBLE, died_60 DOUBLE, died_90 DOUBLE, saved_90 DOUBLE, half_gone_on DATE,
    dry_chance DOUBLE, dry_early DATE, dry_on DATE, dry_late DATE, pace BIGINT, expected_waste DOUBLE,
    repeats_optins BOOLEAN, repeats_sends BOOLEAN
);
-- One row per (page_id, kind, topic, age_days): a token's chance of being used from that age on; shares used and alive by then.
CREATE TABLE IF NOT EXISTS forecast_lives (
    page_id VARCHAR, kind VARCHAR, topic VARCHAR, age_days INTEGER, chance DOUBLE, used DOUBLE, alive DOUBLE
);
-- One row per past forecast: (origin, horizon_days, page_id, kind, topic, measure); topic NULL for all of a Page and kind.
CREATE TABLE IF NOT EXISTS forecast_backtest (
    origin TIMESTAMP, horizon_days INTEGER, page_id VARCHAR, kind VARCHAR, topic VARCHAR, measure VARCHAR, actual DOUBLE, naive DOUBLE,
    low_95 DOUBLE, low_80 DOUBLE, low_50 DOUBLE, middle DOUBLE, high_50 DOUBLE, high_80 DOUBLE, high_95 DOUBLE,
    in_50 BOOLEAN, in_80 BOOLEAN, in_95 BOOLEAN
);
-- One row per (origin, page_id, kind, topic, measure): absolute errors of single days, summed over count_days.
CREATE TABLE IF NOT EXISTS forecast_daily_errors (
    origin TIMESTAMP, page_id VARCHAR, kind VARCHAR, topic VARCHAR, measure VARCHAR, count_days INTEGER, scale DOUBLE,
    model_error DOUBLE, naive_error DOUBLE
);
-- One row per (page_id, kind): its fitted flows as JSON, for what-if questions.
CREATE TABLE IF NOT EXISTS forecast_models (page_id VARCHAR, kind VARCHAR, model JSON);

-- name: empty
DELETE FROM forecast_state;
DELETE FROM forecast_runoff;
DELETE FROM forecast_bands;
DELETE FROM forecast_topics;
DELETE FROM forecast_lives;
DELETE FROM forecast_backtest;
DELETE FROM forecast_daily_errors;
DELETE FROM forecast_models;

-- name: runoff
INSERT INTO forecast_runoff BY NAME SELECT page_id, kind, topic, day, count_tokens, count_closing FROM rows;

-- name: bands
INSERT INTO forecast_bands BY NAME SELECT * FROM rows;

-- name: topics
INSERT INTO forecast_topics BY NAME SELECT * FROM rows;

-- name: lives
INSERT INTO forecast_lives BY NAME SELECT * FROM rows;

-- name: backtest
INSERT INTO forecast_backtest BY NAME SELECT * FROM rows;

-- name: daily_errors
INSERT INTO forecast_daily_errors BY NAME SELECT * FROM rows;

-- name: models
INSERT INTO forecast_models BY NAME SELECT * FROM rows;

-- name: state
INSERT INTO forecast_state VALUES ($starts_at, $made_at, $batch, $method, $seed, $count_paths, $count_days, $count_topics);

-- name: changed
UPDATE warehouse_state SET version = version + 1;

-- name: exists
SELECT count(*) FROM duckdb_tables() WHERE table_name = 'forecast_state';

-- name: read_state
SELECT * FROM forecast_state;
