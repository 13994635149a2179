-- What webhook health reads of the warehouse: which Pages there are, and when their events usually come.

-- name: pages
-- One row per Page that ever had an event.
SELECT DISTINCT page_id FROM event_hourly WHERE page_id <> '' ORDER BY page_id;

-- name: rhythms
-- One row per Page: the hour of its last event before $now, and, of the whole hours since then (a week of them at most),
-- those in which at least $usual_weeks of the four weeks before had events, with the mean of what came.
WITH seen AS (
    SELECT page_id, hour, sum(count_events) AS count_events
    FROM event_hourly
    WHERE hour <= $now AND page_id <> ''
    GROUP BY page_id, hour
),
heard AS (SELECT page_id, max(hour) AS last_hour FROM seen GROUP BY page_id),
silent AS (
    SELECT page_id, unnest(generate_series(
        greatest(last_hour, date_trunc('hour', $now) - INTERVAL 7 DAY) + INTERVAL 1 HOUR,
        date_trunc('hour', $now) - INTERVAL 1 HOUR, INTERVAL 1 HOUR
    )) AS hour
    FROM heard
),
usual AS (
    SELECT silent.page_id, silent.hour, count(seen.hour) AS count_weeks, sum(seen.count_events) / 4 AS count_usual
    FROM silent
    CROSS JOIN (SELECT unnest([7, 14, 21, 28]) AS back) weeks
    JOIN seen ON seen.page_id = silent.page_id AND seen.hour = silent.hour - to_days(weeks.back)
    GROUP BY silent.page_id, silent.hour
)
SELECT
    heard.page_id, heard.last_hour,
    coalesce(list(usual.hour ORDER BY usual.hour) FILTER (count_weeks >= $usual_weeks), []) AS usual_hours,
    coalesce(list(usual.count_usual ORDER BY usual.hour) FILTER (count_weeks >= $usual_weeks), []) AS usual_counts
FROM heard LEFT JOIN usual USING (page_id)
GROUP BY heard.page_id, heard.last_hour
ORDER BY heard.page_id;
