-- One row per unbroken stretch in which a person's standard window was open: [opened_at, closes_at).
-- Stretches that touch are one. A union of intervals comes out the same in whatever order it is made.

-- name: openings
-- An event opens the window if a rule of its day says so and none says that it does not.
CREATE OR REPLACE TEMP TABLE chunk_openings AS
SELECT
    e.page_id, e.psid, e.occurred_at AS opened_at, e.occurred_at + to_hours(any_value(h.hours)) AS closes_at, e.kind AS opened_by
FROM chunk_new AS e
JOIN rule_openers AS r
    ON r.kind = e.kind AND e.occurred_at >= r.since AND e.occurred_at < r.until
JOIN rule_window_hours AS h ON e.occurred_at >= h.since AND e.occurred_at < h.until
WHERE e.psid <> ''
    AND CASE WHEN r.object = '' THEN true ELSE e.object = r.object END
    AND CASE WHEN r.equals_path = '' THEN true ELSE coalesce(e.payload ->> r.equals_path = r.equals_value, false) END
    AND CASE WHEN r.present_path = '' THEN true ELSE coalesce(e.payload ->> r.present_path, '') <> '' END
    AND CASE WHEN r.absent_path = '' THEN true ELSE coalesce(e.payload ->> r.absent_path, '') = '' END
GROUP BY e.event_id, e.page_id, e.psid, e.occurred_at, e.kind
HAVING bool_and(r.opens);

-- name: touched_windows
-- Stretches of the same people that the new ones may touch: none that ended before the first opening or began after the last closing.
CREATE OR REPLACE TEMP TABLE chunk_windows AS
SELECT w.* FROM windows AS w
WHERE w.closes_at >= (SELECT min(opened_at) FROM chunk_openings)
    AND w.opened_at <= (SELECT max(closes_at) FROM chunk_openings)
    AND w.contact_key IN (SELECT hash(page_id, psid) FROM chunk_openings);

-- name: drop_windows
DELETE FROM windows
WHERE closes_at >= (SELECT min(opened_at) FROM chunk_openings)
    AND opened_at <= (SELECT max(closes_at) FROM chunk_openings)
    AND contact_key IN (SELECT hash(page_id, psid) FROM chunk_openings);

-- name: windows
INSERT INTO windows
WITH pieces AS (
    SELECT page_id, psid, opened_at, closes_at, opened_by FROM chunk_openings
    UNION ALL
    SELECT page_id, psid, opened_at, closes_at, opened_by FROM chunk_windows
),
marked AS (
    SELECT
        *,
        opened_at > max(closes_at) OVER (
            PARTITION BY page_id, psid ORDER BY opened_at, closes_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS is_after_gap
    FROM pieces
),
stretches AS (
    SELECT *, count(*) FILTER (is_after_gap) OVER (PARTITION BY page_id, psid ORDER BY opened_at, closes_at) AS stretch FROM marked
)
SELECT page_id, psid, min(opened_at), max(closes_at), min(struct_pack(opened_at, opened_by)).opened_by, hash(page_id, psid)
FROM stretches
GROUP BY page_id, psid, stretch;
