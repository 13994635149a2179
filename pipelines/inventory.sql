-- How many tokens stand in which state at $as_of.

-- name: nothing_reserved
-- One row per token that a campaign holds for a send: there is none.
CREATE OR REPLACE TEMP TABLE reserved (page_id VARCHAR, token_key UUID);

-- name: reserve
-- One row per token that a campaign holds for a send.
INSERT INTO reserved SELECT page_id, CAST(token_key AS UUID) FROM reserved_tokens;

-- name: by_topic
-- One row per (page_id, kind, topic, state).
SELECT
    s.page_id, s.kind, s.topic, CASE WHEN r.token_key IS NOT NULL AND s.state = 'available' THEN 'reserved' ELSE s.state END AS state,
    count(*) AS count_tokens
FROM token_spans AS s
LEFT JOIN reserved AS r ON r.token_key = s.token_key AND r.page_id = s.page_id
WHERE s.from_at <= $as_of AND s.to_at > $as_of
GROUP BY ALL
ORDER BY ALL;
