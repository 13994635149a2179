-- How many tokens stand in which state at $as_of.

-- name: by_topic
-- One row per (page_id, kind, topic, state).
SELECT page_id, kind, topic, state, count(*) AS count_tokens
FROM token_spans
WHERE from_at <= $as_of AND to_at > $as_of
GROUP BY page_id, kind, topic, state
ORDER BY page_id, kind, topic, state;
