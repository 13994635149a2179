-- One row per (hour, page_id, kind). Sums only, so that what a chunk adds, or replaces, is added or taken off.

-- name: event_hourly
MERGE INTO event_hourly AS t
USING (
    WITH moved AS (
        SELECT 1 AS sign, occurred_at, received_at, page_id, kind FROM chunk_new
        UNION ALL
        SELECT -1, occurred_at, received_at, page_id, kind FROM chunk_replaced
    )
    SELECT
        date_trunc('hour', occurred_at) AS hour, page_id, kind,
        sum(sign)::BIGINT AS count_events,
        coalesce(sum(sign * date_diff('millisecond', occurred_at, received_at)), 0)::BIGINT AS sum_delivery_lag_ms,
        sum(CASE WHEN received_at IS NULL OR occurred_at IS NULL THEN 0 ELSE sign END)::BIGINT AS count_lagged,
        sum(CASE WHEN received_at > occurred_at + INTERVAL 1 MINUTE THEN sign ELSE 0 END)::BIGINT AS count_late
    FROM moved
    GROUP BY ALL
) AS s
ON t.hour IS NOT DISTINCT FROM s.hour AND t.page_id = s.page_id AND t.kind = s.kind
WHEN MATCHED THEN UPDATE SET
    count_events = t.count_events + s.count_events,
    sum_delivery_lag_ms = t.sum_delivery_lag_ms + s.sum_delivery_lag_ms,
    count_lagged = t.count_lagged + s.count_lagged,
    count_late = t.count_late + s.count_late
WHEN NOT MATCHED THEN INSERT VALUES
    (s.hour, s.page_id, s.kind, s.count_events, s.sum_delivery_lag_ms, s.count_lagged, s.count_late);

-- name: count_replaced
SELECT count(*) FROM chunk_replaced;

-- name: drop_empty_hours
DELETE FROM event_hourly WHERE count_events = 0;
