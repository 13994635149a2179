-- One row per (day, page_id, kind, topic, state) in which a token entered or left that state, out of token_spans.
INSERT INTO token_daily
SELECT day, page_id, kind, topic, state, sum(entered), sum(gone)
FROM (
    SELECT from_at::DATE AS day, page_id, kind, topic, state, 1 AS entered, 0 AS gone FROM token_spans
    UNION ALL
    SELECT to_at::DATE, page_id, kind, topic, state, 0, 1 FROM token_spans WHERE to_at < TIMESTAMP '9999-12-31'
)
GROUP BY ALL;
