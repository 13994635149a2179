-- What data health reads: balance sheets, the rhythm of the stream, and what could not be read.

-- name: sources
-- One row per log file: its balance sheet. adds_up is a tick when every line is accounted for, else the difference.
SELECT
    source_file, lines, event_lines, duplicate_lines, reject_lines,
    CASE lines - event_lines - duplicate_lines - reject_lines
        WHEN 0 THEN '✓' ELSE printf('%+d', lines - event_lines - duplicate_lines - reject_lines)
    END AS adds_up,
    events, duplicates, bytes_loaded, first_event_at, last_event_at, last_loaded_at,
    datediff('second', last_event_at, last_loaded_at) AS lag_seconds
FROM sources
ORDER BY last_loaded_at DESC, source_file DESC
LIMIT $limit;

-- name: balance
-- One row: the balance sheet over all files.
SELECT
    count(*) AS count_files,
    coalesce(sum(lines), 0)::BIGINT AS lines,
    coalesce(sum(event_lines), 0)::BIGINT AS event_lines,
    coalesce(sum(duplicate_lines), 0)::BIGINT AS duplicate_lines,
    coalesce(sum(reject_lines), 0)::BIGINT AS reject_lines,
    coalesce(sum(events), 0)::BIGINT AS events,
    coalesce(sum(duplicates), 0)::BIGINT AS duplicates,
    count(*) FILTER (lines <> event_lines + duplicate_lines + reject_lines) AS count_unbalanced
FROM sources;

-- name: events_by_time
-- One row per (bucket, kind) between $from_at and $as_of: events, and Meta's delivery lag where it is known (late: over a
-- minute).
SELECT
    date_trunc($bucket, hour) AS bucket,
    kind,
    sum(count_events)::BIGINT AS count_events,
    sum(sum_delivery_lag_ms)::BIGINT AS sum_delivery_lag_ms,
    sum(count_lagged)::BIGINT AS count_lagged,
    sum(count_late)::BIGINT AS count_late
FROM event_hourly
WHERE hour >= $from_at AND hour <= $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
GROUP BY bucket, kind
ORDER BY bucket, kind;

-- name: gaps
-- One row per unbroken run of silent hours between $from_at and the end of the data. An hour is silent if it holds no
-- event although at least $usual_weeks of the four weeks before had events in the same hour of the week.
WITH seen AS (
    SELECT hour, sum(count_events) AS count_events
    FROM event_hourly
    WHERE hour >= $from_at - INTERVAL 28 DAY AND hour <= $as_of
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    GROUP BY hour
),
upto AS (SELECT date_trunc('hour', least($as_of, (SELECT max(last_loaded_at) FROM sources))) AS at),
hours AS (SELECT unnest(generate_series(date_trunc('hour', $from_at), upto.at - INTERVAL 1 HOUR, INTERVAL 1 HOUR)) AS hour FROM upto),
usual AS (
    SELECT hours.hour, count(seen.hour) AS count_weeks, coalesce(sum(seen.count_events), 0) / 4 AS count_usual
    FROM hours
    CROSS JOIN (SELECT unnest([7, 14, 21, 28]) AS back) weeks
    LEFT JOIN seen ON seen.hour = hours.hour - to_days(weeks.back)
    GROUP BY hours.hour
),
silent AS (
    SELECT hour, count_usual, hour - to_hours(row_number() OVER (ORDER BY hour)) AS run
    FROM usual ANTI JOIN seen USING (hour)
    WHERE count_weeks >= $usual_weeks
)
SELECT
    min(hour) AS from_at,
    max(hour) + INTERVAL 1 HOUR AS to_at,
    count(*) AS count_hours,
    round(sum(count_usual))::BIGINT AS count_usual
FROM silent
GROUP BY run
ORDER BY from_at DESC;

-- name: timeless
-- One row per kind of event for which the log gives no time.
SELECT kind, sum(count_events)::BIGINT AS count_events
FROM event_hourly
WHERE hour IS NULL AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
GROUP BY kind ORDER BY count_events DESC, kind;

-- name: reject_reasons
-- One row per reason, without its particulars after the colon: the lines, or items of a line, set aside for it.
SELECT split_part(reason, ':', 1) AS reason, count(*) AS count_rejects
FROM rejects
GROUP BY ALL ORDER BY count_rejects DESC, reason;

-- name: rejects
-- One row per line, or item of a line, that is not an event. Tokens are masked in it; and unless $pseudonym_key is NULL, so
-- is what names a person, and whatever is as long as an id.
WITH shown AS (
    SELECT
        source_file, source_line, reason,
        CASE WHEN $pseudonym_key::VARCHAR IS NULL THEN line ELSE line
            .regexp_replace('(\\*["'']?\b(?:id|psid|user_ref|recipient_id|sender_id|user_id)\\*["'']?\s*[:=]\s*\\*["'']?)(?:[^"'',}&\\\s]|\\+[^"''\\\s])+', '\1…', 'gi')
            .regexp_replace('\d{15,}', '…', 'g')
        END AS line
    FROM rejects
    WHERE $reason::VARCHAR IS NULL OR split_part(reason, ':', 1) = $reason
)
SELECT
    source_file, source_line, reason,
    regexp_replace(line, '(token\\*["'']?\s*[:=]\s*\\*["'']?)(?:[^"'',}&\\\s]|\\+[^"''\\\s])+', '\1…', 'gi') AS line
FROM shown
ORDER BY source_file, source_line
LIMIT $limit;
