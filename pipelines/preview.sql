-- What a campaign that is being typed would do: read from what the planner left in the cursor's tables for one moment, $at (naive UTC).

-- name: examples
-- One row per person shown: the first few of each lane and variant in turn, by their ids, so that the same ones stay while one types.
WITH first_ones AS (
    SELECT lane, variant, unnest(min(struct_pack(psid, fields), $most)) AS person
    FROM plan_rows
    WHERE lane IS NOT NULL
    GROUP BY lane, variant
)
SELECT person.psid, lane, variant, person.fields
FROM first_ones
ORDER BY row_number() OVER (PARTITION BY lane, variant ORDER BY person.psid), lane, variant
LIMIT $most;

-- name: tokens
-- One row: one-time tokens of the topic that can be spent then, those of them that the plan spends, and of both those that end before $soon.
WITH held AS (
    SELECT s.token_key, s.ends_at < $soon AS is_dying
    FROM token_spans AS s
    ANTI JOIN (SELECT token_key FROM plan_ledger WHERE token_key IS NOT NULL) AS b ON b.token_key = s.token_key
    WHERE s.page_id = $page_id AND s.topic = $topic AND s.kind = 'otn' AND s.state = 'available' AND s.from_at <= $at AND s.to_at > $at
)
SELECT
    count(*) AS count_held, count(r.token_key) AS count_spent,
    count(*) FILTER (is_dying) AS count_dying, count(r.token_key) FILTER (is_dying) AS count_dying_spent
FROM held AS h
LEFT JOIN plan_rows AS r ON r.token_key = h.token_key;

-- name: net_use
-- One row: by how many one-time tokens the topic's stock fell from $from_day to the day before $to_day; below nought where it grew.
SELECT coalesce(sum(count_left - count_entered), 0)::BIGINT AS count_net
FROM token_daily
WHERE page_id = $page_id AND topic = $topic AND kind = 'otn' AND state = 'available' AND day >= $from_day AND day < $to_day;
