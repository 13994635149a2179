-- What is read from the stored forecast. $page_id, $kind and $topic narrow it; NULL stands for all.

-- name: topics
-- One row per (page_id, kind, topic).
SELECT * FROM forecast_topics
WHERE ($page_id IS NULL OR page_id = $page_id) AND ($kind IS NULL OR kind = $kind) AND ($topic IS NULL OR topic = $topic)
ORDER BY died_90 DESC, page_id, kind, topic;

-- name: unused
-- One row per span: tokens that die unused within so many days, low and high of the 80 % band. Kept days are drawn together by lines.
WITH bands AS (
    SELECT days_ahead, low_80, middle, high_80 FROM forecast_bands
    WHERE page_id IS NOT DISTINCT FROM $page_id AND kind IS NOT DISTINCT FROM $kind AND topic IS NOT DISTINCT FROM $topic
        AND sends = $sends AND measure = 'died'
),
spans AS (SELECT unnest($spans::INTEGER[]) AS span),
around AS (
    SELECT span, max(days_ahead) FILTER (days_ahead <= span) AS before, min(days_ahead) FILTER (days_ahead >= span) AS after
    FROM spans CROSS JOIN bands
    GROUP BY span
)
SELECT
    span,
    round(b.low_80 + w * (a.low_80 - b.low_80))::BIGINT AS low,
    round(b.middle + w * (a.middle - b.middle))::BIGINT AS middle,
    round(b.high_80 + w * (a.high_80 - b.high_80))::BIGINT AS high
FROM (SELECT *, CASE WHEN after > before THEN (span - before) / (after - before) ELSE 0 END AS w FROM around)
JOIN bands AS b ON b.days_ahead = before
JOIN bands AS a ON a.days_ahead = after
ORDER BY span;

-- name: closing
-- One row per (day, kind) on which a lane closes, with the tokens that end by it.
SELECT day, kind, sum(count_closing)::BIGINT AS count_tokens
FROM forecast_runoff
WHERE ($page_id IS NULL OR page_id = $page_id) AND ($kind IS NULL OR kind = $kind) AND ($topic IS NULL OR topic = $topic)
GROUP BY day, kind
HAVING sum(count_closing) > 0
ORDER BY day, kind;

-- name: days
-- One row per (measure, days_ahead): bands of what is narrowed to.
SELECT measure, days_ahead, (SELECT CAST(starts_at AS DATE) FROM forecast_state) + (days_ahead - 1)::INTEGER AS day, * EXCLUDE (page_id, kind, topic, sends, measure, days_ahead)
FROM forecast_bands
WHERE page_id IS NOT DISTINCT FROM $page_id AND kind IS NOT DISTINCT FROM $kind AND topic IS NOT DISTINCT FROM $topic AND sends = $sends
ORDER BY measure, days_ahead;

-- name: runoff
-- One row per day: tokens held that end on it if nobody uses them, and those of them that end because their lane closes.
SELECT day, sum(count_tokens)::BIGINT AS count_tokens, sum(count_closing)::BIGINT AS count_closing
FROM forecast_runoff
WHERE ($page_id IS NULL OR page_id = $page_id) AND ($kind IS NULL OR kind = $kind) AND ($topic IS NULL OR topic = $topic)
GROUP BY day
ORDER BY day;

-- name: lives
-- One row per (page_id, kind, topic, age_days).
SELECT page_id, kind, topic, age_days, chance, used, alive
FROM forecast_lives
WHERE ($page_id IS NULL OR page_id = $page_id) AND ($kind IS NULL OR kind = $kind) AND ($topic IS NULL OR topic = $topic)
ORDER BY page_id, kind, topic, age_days;

-- name: coverage
-- One row per (measure, horizon_days): how often what came lay within each band, and errors against seasonal naive.
SELECT
    measure, horizon_days, count(*) AS count_forecasts, avg(in_50::INTEGER) AS in_50, avg(in_80::INTEGER) AS in_80, avg(in_95::INTEGER) AS in_95,
    sum(abs(actual - middle)) / nullif(sum(abs(actual - naive)), 0) AS error_ratio
FROM forecast_backtest
WHERE topic IS NOT NULL
    AND ($page_id IS NULL OR page_id = $page_id) AND ($kind IS NULL OR kind = $kind) AND ($topic IS NULL OR topic = $topic)
GROUP BY measure, horizon_days
ORDER BY measure, horizon_days;

-- name: errors
-- One row per measure (gained, spent): MASE of the model and of seasonal naive over the days that were judged.
SELECT
    measure, sum(model_error) / nullif(sum(scale * count_days), 0) AS mase, sum(naive_error) / nullif(sum(scale * count_days), 0) AS mase_naive
FROM forecast_daily_errors
WHERE ($page_id IS NULL OR page_id = $page_id) AND ($kind IS NULL OR kind = $kind) AND ($topic IS NULL OR topic = $topic)
GROUP BY measure
ORDER BY measure;

-- name: past
-- One row per past forecast of tokens held $horizon days ahead: what was foreseen, and what came. Topics summed where none is chosen.
SELECT
    origin, origin + to_days(horizon_days) AS due_at, sum(actual) AS actual, sum(middle) AS middle, sum(naive) AS naive,
    CASE WHEN count(*) = 1 THEN any_value(low_80) END AS low_80, CASE WHEN count(*) = 1 THEN any_value(high_80) END AS high_80
FROM forecast_backtest
WHERE measure = 'held' AND horizon_days = $horizon
    AND ($topic IS NOT NULL OR topic IS NULL OR (page_id, kind) NOT IN (SELECT (page_id, kind) FROM forecast_backtest WHERE topic IS NULL))
    AND ($page_id IS NULL OR page_id = $page_id) AND ($kind IS NULL OR kind = $kind) AND ($topic IS NULL OR topic = $topic)
GROUP BY origin, horizon_days
ORDER BY origin;

-- name: model
-- One row per (page_id, kind): the fitted flows.
SELECT model FROM forecast_models WHERE page_id = $page_id AND kind = $kind;

-- name: runoff_of_group
-- One row per (topic, days_ahead): tokens held by the day ahead on which they end.
SELECT topic, date_diff('day', CAST(s.starts_at AS DATE), day) AS days_ahead, sum(count_tokens)::BIGINT AS count_tokens
FROM forecast_runoff CROSS JOIN forecast_state AS s
WHERE page_id = $page_id AND kind = $kind AND ($topic IS NULL OR topic = $topic)
GROUP BY ALL
ORDER BY ALL;

-- name: names
-- One row per topic of a group, in the order of its model.
SELECT topic FROM forecast_topics WHERE page_id = $page_id AND kind = $kind ORDER BY rowid;
