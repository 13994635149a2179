-- How many tokens stand in which state at $as_of.

-- name: nothing_held
-- One row per token that a campaign has reserved or spent: there is none.
CREATE OR REPLACE TEMP TABLE held (page_id VARCHAR, token_key UUID, state VARCHAR);

-- name: hold
-- One row per token that a campaign has reserved or spent.
INSERT INTO held SELECT page_id, CAST(token_key AS UUID), state FROM held_tokens;

-- name: by_topic
-- One row per (page_id, kind, topic, state).
SELECT
    s.page_id, s.kind, s.topic, CASE WHEN s.state = 'available' THEN coalesce(h.state, s.state) ELSE s.state END AS state,
    count(*) AS count_tokens
FROM token_spans AS s
LEFT JOIN held AS h ON h.token_key = s.token_key AND h.page_id = s.page_id
WHERE s.from_at <= $as_of AND s.to_at > $as_of
GROUP BY ALL
ORDER BY ALL;
