-- One row per unbroken stretch in which a person's standard window was open: [opened_at, closes_at).
-- Stretches that touch are one. A union of intervals comes out the same in whatever order it is made.

-- name: openings
-- An event opens the window if a rule of its day says so and none says that it does not. The kinds with conditions are few
-- of many events, so only they pay for looking into the payload.
CREATE OR REPLACE TEMP TABLE chunk_openings AS
WITH plain_kinds AS (
    SELECT kind, min(since) AS since, max(until) AS until FROM rule_openers
    GROUP BY kind
    HAVING count(*) = 1 AND bool_and(opens AND concat(object, equals_path, present_path, absent_path) = '')
),
conditional AS (
    -- A kind for which every rule says no opens nothing, whatever its payload holds.
    FROM rule_openers
    WHERE kind IN (SELECT kind FROM rule_openers GROUP BY kind HAVING bool_or(opens)) AND kind NOT IN (SELECT kind FROM plain_kinds)
),
openings AS (
    SELECT e.page_id, e.psid, e.occurred_at, e.kind
    FROM chunk_new AS e JOIN plain_kinds AS p ON p.kind = e.kind AND e.occurred_at >= p.since AND e.occurred_at < p.until
    UNION ALL
    SELECT any_value(e.page_id), any_value(e.psid), any_value(e.occurred_at), any_value(e.kind)
    FROM chunk_new AS e
    JOIN conditional AS r ON r.kind = e.kind AND e.occurred_at >= r.since AND e.occurred_at < r.until
    WHERE CASE WHEN r.object = '' THEN true ELSE e.object = r.object END
        AND CASE WHEN r.equals_path = '' THEN true ELSE coalesce(e.payload ->> r.equals_path = r.equals_value, false) END
        AND CASE WHEN r.present_path = '' THEN true ELSE coalesce(e.payload ->> r.present_path, '') <> '' END
        AND CASE WHEN r.absent_path = '' THEN true ELSE coalesce(e.payload ->> r.absent_path, '') = '' END
    GROUP BY e.event_id
    HAVING bool_and(r.opens)
)
SELECT o.page_id, o.psid, o.occurred_at AS opened_at, o.occurred_at + to_hours(h.hours) AS closes_at, o.kind AS opened_by
FROM openings AS o
JOIN rule_window_hours AS h ON o.occurred_at >= h.since AND o.occurred_at < h.until
WHERE o.psid <> '';

-- name: count_openings
SELECT count(*) FROM chunk_openings;

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
