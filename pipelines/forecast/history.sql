-- What a forecast is made from: the flows of whole days, the tokens held at the origin, and how tokens lived so far.

-- name: known_days
-- One row: the first day with a token, the last moment that the logs know of, and the last batch that was loaded.
SELECT
    (SELECT min(day) FROM token_daily WHERE state = 'available') AS first_day,
    (SELECT max(last_event_at) FROM sources) AS last_event_at,
    (SELECT coalesce(max(batch), 0) FROM events) AS batch;

-- name: flows
-- One row per (page_id, kind, topic, day) on which tokens moved, for whole days before $until. Gains are what the balance leaves: net
-- change plus all that went. A token that is set aside for a send counts as spent on that day.
SELECT page_id, kind, topic, day, net, greatest(net + spent + stopped + died, 0) AS gained, spent, stopped, died
FROM (
    SELECT
        page_id, kind, topic, day,
        coalesce(sum(count_entered - count_left) FILTER (state = 'available'), 0)::BIGINT AS net,
        coalesce(sum(count_entered) FILTER (state = 'spent'), 0)::BIGINT
            + coalesce(sum(count_entered - count_left) FILTER (state = 'reserved'), 0)::BIGINT AS spent,
        coalesce(sum(count_entered) FILTER (state = 'revoked'), 0)::BIGINT AS stopped,
        coalesce(sum(count_entered) FILTER (state IN ('expired', 'stranded')), 0)::BIGINT AS died
    FROM token_daily
    WHERE day < $until
    GROUP BY page_id, kind, topic, day
)
ORDER BY page_id, kind, topic, day;

-- name: held
-- One row per (page_id, kind, topic): tokens held at $at, and the usual life in days of those given in the half year before, or else
-- of those held in the year before.
SELECT
    page_id, kind, topic,
    count(*) FILTER (to_at > $at)::BIGINT AS count_held,
    coalesce(
        median(date_diff('day', opted_in_at, ends_at)) FILTER (ends_at < TIMESTAMP '9999-01-01' AND opted_in_at > $at - INTERVAL 180 DAY),
        median(date_diff('day', opted_in_at, ends_at)) FILTER (ends_at < TIMESTAMP '9999-01-01')
    )::BIGINT AS lifetime_days
FROM token_spans
WHERE state = 'available' AND from_at <= $at AND to_at > $at - INTERVAL 365 DAY
GROUP BY page_id, kind, topic
ORDER BY page_id, kind, topic;

-- name: use_closures
CREATE OR REPLACE TEMP TABLE forecast_closures (kind VARCHAR, closes_at TIMESTAMP);

-- name: add_closure
INSERT INTO forecast_closures VALUES ($kind, $closes_at);

-- name: runoff
-- One row per (page_id, kind, topic, day): tokens held at $at by the day on which they end if nobody uses them, as was known then.
-- count_closing: how many of them end only because their lane closes.
SELECT
    s.page_id, s.kind, s.topic, CAST(s.ends_at AS DATE) AS day, count(*) AS count_tokens, count(c.closes_at) AS count_closing
FROM token_spans AS s
LEFT JOIN forecast_closures AS c ON c.kind = s.kind AND c.closes_at = s.ends_at
WHERE s.state = 'available' AND s.from_at <= $at AND s.to_at > $at AND s.ends_at < $at + INTERVAL 13 MONTH
GROUP BY ALL
ORDER BY ALL;

-- name: regions
-- One row per (page_id, kind, topic): the region of most people who gave a token in the year before $at.
SELECT page_id, kind, topic, mode(region) AS region
FROM tokens
WHERE opted_in_at < $at AND opted_in_at > $at - INTERVAL 365 DAY
GROUP BY page_id, kind, topic;

-- name: zones
-- One row per page_id: the time zone that most opt-ins of its people name.
SELECT page_id, arg_max(zone, struct_pack(count_optins, zone)) AS zone
FROM (
    SELECT page_id, payload ->> '$.optin.notification_messages_timezone' AS zone, count(*) AS count_optins
    FROM events
    WHERE kind = 'optin' AND occurred_at < $at AND occurred_at >= $at - INTERVAL 180 DAY
    GROUP BY ALL
)
WHERE zone IS NOT NULL
GROUP BY page_id
ORDER BY page_id;

-- name: order_of_use
-- One row per (page_id, kind). At the start of each month of the year before $at: of the tokens then held, how many are used within the
-- month, how many of those had less than 120 days left, and how many that would have been had any age been taken alike, or those first
-- that end first.
WITH marks AS (
    SELECT unnest(generate_series($at - INTERVAL 12 MONTH, $at - INTERVAL 1 MONTH, INTERVAL 1 MONTH)) AS at
),
held AS (
    SELECT
        s.page_id, s.kind, s.topic, m.at, count(*) AS count_held,
        count(*) FILTER (s.ends_at < m.at + INTERVAL 120 DAY) AS count_near,
        count(*) FILTER (s.to_at < m.at + INTERVAL 1 MONTH AND s.to_at < s.ends_at) AS count_used,
        count(*) FILTER (s.to_at < m.at + INTERVAL 1 MONTH AND s.to_at < s.ends_at AND s.ends_at < m.at + INTERVAL 120 DAY) AS count_used_near
    FROM token_spans AS s JOIN marks AS m ON s.from_at <= m.at AND s.to_at > m.at
    WHERE s.state = 'available'
    GROUP BY ALL
)
SELECT
    page_id, kind, sum(count_used_near)::DOUBLE AS used_near, sum(count_used * count_near / count_held) AS alike,
    sum(least(count_used, count_near))::DOUBLE AS soonest
FROM held
WHERE count_used > 0 AND count_near > 0 AND count_near < count_held
GROUP BY page_id, kind
ORDER BY page_id, kind;

-- name: lives
-- One row per (page_id, kind, topic, age_days, ending): tokens given before $at, by the age at which they were used (spent), were
-- stopped (revoked) or ended (expired); or their age at $at (held).
SELECT page_id, kind, topic, greatest(date_diff('day', opted_in_at, least(ended_at, $at)), 0) AS age_days,
    CASE WHEN ended_at > $at THEN 'held' ELSE ending END AS ending, count(*) AS count_tokens
FROM (
    SELECT
        page_id, kind, topic, opted_in_at,
        least(spent_at, revoked_at, effective_expires_at) AS ended_at,
        CASE
            WHEN spent_at <= least(spent_at, revoked_at, effective_expires_at) THEN 'spent'
            WHEN revoked_at <= least(spent_at, revoked_at, effective_expires_at) THEN 'revoked'
            ELSE 'expired'
        END AS ending
    FROM tokens
    WHERE opted_in_at < $at
)
GROUP BY ALL
ORDER BY ALL;
