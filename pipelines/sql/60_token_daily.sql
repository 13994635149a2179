-- One row per (day, page_id, kind, topic, state) in which a token entered or left that state.

-- name: token_daily
MERGE INTO token_daily AS t
USING (
    WITH moved AS (
        SELECT 1 AS sign, * FROM chunk_spans
        UNION ALL
        SELECT -1, * EXCLUDE (span_row) FROM chunk_old_spans
    ),
    flows AS (
        SELECT CAST(from_at AS DATE) AS day, page_id, kind, topic, state, sign AS entered, 0 AS left_ FROM moved
        UNION ALL
        SELECT CAST(to_at AS DATE), page_id, kind, topic, state, 0, sign FROM moved WHERE to_at < TIMESTAMP '9999-12-31'
    )
    SELECT day, page_id, kind, topic, state, sum(entered)::BIGINT AS count_entered, sum(left_)::BIGINT AS count_left
    FROM flows
    GROUP BY ALL
    HAVING sum(entered) <> 0 OR sum(left_) <> 0
) AS s
ON t.day = s.day AND t.page_id = s.page_id AND t.kind = s.kind AND t.topic = s.topic AND t.state = s.state
WHEN MATCHED THEN UPDATE SET count_entered = t.count_entered + s.count_entered, count_left = t.count_left + s.count_left
WHEN NOT MATCHED THEN INSERT VALUES (s.day, s.page_id, s.kind, s.topic, s.state, s.count_entered, s.count_left);

-- name: drop_empty_days
DELETE FROM token_daily WHERE count_entered = 0 AND count_left = 0;
