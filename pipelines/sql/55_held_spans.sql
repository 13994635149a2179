-- One row per unbroken stretch in which a person held at least one available token: [from_at, to_at). It counts people without telling them apart first.

-- name: touched_holders
CREATE OR REPLACE TEMP TABLE chunk_holders AS
SELECT contact_key FROM chunk_spans WHERE state = 'available'
UNION
SELECT contact_key FROM chunk_old_spans WHERE state = 'available';

-- name: drop_held
DELETE FROM held_spans WHERE contact_key IN (SELECT contact_key FROM chunk_holders);

-- name: held_spans
INSERT INTO held_spans
WITH marked AS (
    SELECT
        page_id, contact_key, from_at, to_at,
        from_at > max(to_at) OVER (PARTITION BY contact_key ORDER BY from_at, to_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_after_gap
    FROM token_spans
    WHERE state = 'available' AND contact_key IN (SELECT contact_key FROM chunk_holders)
),
stretches AS (
    SELECT *, count(*) FILTER (is_after_gap) OVER (PARTITION BY contact_key ORDER BY from_at, to_at) AS stretch FROM marked
)
SELECT any_value(page_id), contact_key, min(from_at), max(to_at)
FROM stretches
GROUP BY contact_key, stretch;
