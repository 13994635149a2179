-- The forecast's rows, as the page lists and exports them.

-- name: topics
-- One row per (page_id, kind, topic), those first of which the most tokens die unused.
SELECT
    topic, kind, page_id, count_held, round(gained_week, 1) AS gained_week, round(spent_week, 1) AS spent_week,
    round(died_30)::BIGINT AS died_30, round(died_60)::BIGINT AS died_60, round(died_90)::BIGINT AS died_90,
    round(saved_90)::BIGINT AS saved_90, dry_on, round(100 * dry_chance)::BIGINT AS dry_percent, pace,
    round(expected_waste)::BIGINT AS expected_waste
FROM forecast_topics
WHERE ($page_id IS NULL OR page_id = $page_id) AND ($kinds IS NULL OR kind IN (SELECT unnest($kinds::VARCHAR[])))
    AND ($topics IS NULL OR topic IN (SELECT unnest($topics::VARCHAR[])))
ORDER BY died_90 DESC, count_held DESC, page_id, kind, topic
LIMIT $limit;

-- name: judged
-- One row per (page_id, kind, topic): how good past forecasts were. MASE below 1 beats the usual miss of "as a week ago".
SELECT
    t.topic, t.kind, t.page_id, round(e.mase, 2) AS mase, round(e.mase_naive, 2) AS mase_naive, round(100 * b.in_80)::BIGINT AS in_80_percent,
    CASE WHEN t.repeats_optins THEN 'last week, repeated' ELSE 'model' END AS optins_by,
    CASE WHEN t.repeats_sends THEN 'last week, repeated' ELSE 'model' END AS sends_by
FROM forecast_topics AS t
LEFT JOIN (
    SELECT page_id, kind, topic, sum(model_error) / nullif(sum(scale * count_days), 0) AS mase,
        sum(naive_error) / nullif(sum(scale * count_days), 0) AS mase_naive
    FROM forecast_daily_errors
    WHERE measure = 'gained'
    GROUP BY ALL
) AS e USING (page_id, kind, topic)
LEFT JOIN (
    SELECT page_id, kind, topic, avg(in_80::INTEGER) AS in_80 FROM forecast_backtest WHERE measure = 'held' GROUP BY ALL
) AS b USING (page_id, kind, topic)
WHERE ($page_id IS NULL OR t.page_id = $page_id) AND ($kinds IS NULL OR t.kind IN (SELECT unnest($kinds::VARCHAR[])))
    AND ($topics IS NULL OR t.topic IN (SELECT unnest($topics::VARCHAR[])))
ORDER BY t.page_id, t.kind, t.topic
LIMIT $limit;
