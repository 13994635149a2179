-- What the alerts ask of the token stock.

-- name: dying
-- One row per (page_id, topic) of which at least $least available tokens end by $until: how many, and when the first does.
SELECT page_id, topic, count(*) AS count_tokens, min(to_at) AS first_at
FROM token_spans
WHERE to_at > $at AND to_at <= $until AND state = 'available' AND from_at <= $at AND topic IS NOT NULL
GROUP BY page_id, topic
HAVING count(*) >= $least
ORDER BY count_tokens DESC, page_id, topic;

-- name: drying
-- One row per (page_id, kind, topic) whose stock would not last if none came: tokens spent and given since $since, and held.
-- Spent and held are of whole days (UTC), today among them: those are few rows, where the tokens are millions.
WITH moved AS (
    SELECT
        page_id, kind, topic,
        sum(CASE WHEN state = 'spent' AND day > $since::DATE THEN count_entered ELSE 0 END) AS count_spent,
        sum(CASE WHEN state = 'available' THEN count_entered - count_left ELSE 0 END) AS count_held
    FROM token_daily
    WHERE day <= $at::DATE AND topic IS NOT NULL
    GROUP BY page_id, kind, topic
),
scarce AS (
    SELECT * FROM moved
    WHERE count_spent >= $least AND count_held * date_diff('day', $since, $at) < $dry_days * count_spent
),
given AS (
    SELECT page_id, kind, topic, count(*) AS count_given FROM tokens SEMI JOIN scarce USING (page_id, kind, topic)
    WHERE opted_in_at > $since AND opted_in_at <= $at
    GROUP BY page_id, kind, topic
)
SELECT page_id, kind, topic, count_spent::BIGINT, coalesce(count_given, 0) AS count_given, count_held::BIGINT
FROM scarce LEFT JOIN given USING (page_id, kind, topic)
ORDER BY page_id, kind, topic;
