-- One row per (page, day of the people's calendar): how many conversations begin, how many of them with new people.
CREATE TEMP TABLE calendar AS
SELECT n AS day_no, make_timestamp_ms(getvariable('starts_ms'))::DATE + n::INTEGER AS day
FROM range(-1, $days + 2) AS dates(n);

-- Whole numbers, so that sums do not depend on the order of adding.
CREATE TEMP TABLE day_weights AS
SELECT
    page_no, day_no, day, greatest(0, least(1, day_no / $days::DOUBLE)) AS x,
    (1000000 * (growth[1] + (growth[2] - growth[1]) * x * (0.5 + 0.5 * x))
        * weekdays[isodow(day)]
        * coalesce(list_sum([peak.factor FOR peak IN peaks
            IF strftime(day, '%m-%d') BETWEEN peak."from" AND peak."to"]), 1)
        * (0.91 + 0.18 * unit(day_no * 16 + page_no, 'day')))::BIGINT AS weight,
    (1000 * (new_people[1] + (new_people[2] - new_people[1]) * x))::BIGINT AS new_permille
FROM pages, calendar;

CREATE TEMP TABLE days AS
WITH reached AS (
    SELECT w.*,
        sum(weight) OVER upto AS weight_upto,
        sum(weight) OVER (PARTITION BY page_no) AS weight_all,
        -- Of the calendar's three days at the edges, about two and a half lie outside the log.
        ($events / setting('events_per_session')::DOUBLE * p.share * ($days + 2.5) / $days)::BIGINT AS page_sessions,
        3 + (page_sessions * p.known_before)::BIGINT AS known_before
    FROM day_weights AS w JOIN pages AS p USING (page_no)
    WINDOW upto AS (PARTITION BY page_no ORDER BY day_no)
), shared AS (
    SELECT *, (page_sessions * weight_upto // weight_all)::BIGINT AS sessions_upto,
        sessions_upto - lag(sessions_upto, 1, 0) OVER (PARTITION BY page_no ORDER BY day_no) AS count_sessions
    FROM reached
), met AS (
    SELECT *,
        (sum(count_sessions * new_permille) OVER (PARTITION BY page_no ORDER BY day_no) // 1000)::BIGINT AS new_upto
    FROM shared
)
SELECT
    page_no, day_no, day, epoch_ms(day::TIMESTAMP) AS day_ms, count_sessions,
    new_upto - lag(new_upto, 1, 0) OVER (PARTITION BY page_no ORDER BY day_no) AS count_new,
    known_before + lag(new_upto, 1, 0) OVER (PARTITION BY page_no ORDER BY day_no) AS known_people,
    (sum(count_sessions) OVER (ORDER BY day_no, page_no) - count_sessions)::BIGINT AS first_session_no
FROM met;

-- One row per slice of days that one log file covers; each slice holds about as many conversations as any other.
CREATE TEMP TABLE slices AS
SELECT slice_no, min(day_no) AS first_day, max(day_no) AS last_day, max(day_ms) AS last_day_ms,
    row_number() OVER (ORDER BY slice_no DESC) = 1 AS is_last
FROM (
    SELECT day_no, any_value(day_ms) AS day_ms,
        greatest(0, sum(sum(count_sessions)) OVER (ORDER BY day_no) - 1) * $segments
        // greatest(1, sum(sum(count_sessions)) OVER ()) AS slice_no
    FROM days GROUP BY day_no)
GROUP BY slice_no;
