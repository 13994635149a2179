-- What the token inventory reads: stock, run-off, ages and the tokens themselves.

-- name: choices
-- One row per (topic, kind, state) that ever held a token: what the filters offer.
SELECT DISTINCT topic, kind, state FROM token_daily
WHERE $page_id::VARCHAR IS NULL OR page_id = $page_id;

-- name: stock
-- One row per (topic, kind, state): tokens in that state at $as_of. Whole days come from token_daily, the last from spans.
WITH changes AS (
    SELECT topic, kind, state, sum(count_entered - count_left) AS change
    FROM token_daily
    WHERE day < $as_of::DATE AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    GROUP BY ALL
    UNION ALL
    SELECT topic, kind, state, count(*) FROM token_spans
    WHERE from_at >= date_trunc('day', $as_of) AND from_at <= $as_of
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    GROUP BY ALL
    UNION ALL
    SELECT topic, kind, state, -count(*) FROM token_spans
    WHERE to_at >= date_trunc('day', $as_of) AND to_at <= $as_of
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    GROUP BY ALL
)
SELECT topic, kind, state, sum(change)::BIGINT AS count_tokens
FROM changes
WHERE ($topics::VARCHAR[] IS NULL OR topic = ANY($topics))
  AND ($kinds::VARCHAR[] IS NULL OR kind = ANY($kinds))
  AND ($states::VARCHAR[] IS NULL OR state = ANY($states))
GROUP BY ALL
HAVING sum(change) <> 0
ORDER BY topic, kind, state;

-- name: stock_by_day
-- One row per (day, state) of the $days whole days before $as_of: tokens in that state at the end of the day (UTC).
WITH daily AS (
    SELECT greatest(day, $as_of::DATE - $days::INTEGER) AS day, state, sum(count_entered - count_left) AS change
    FROM token_daily
    WHERE day < $as_of::DATE
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
      AND ($topics::VARCHAR[] IS NULL OR topic = ANY($topics))
      AND ($kinds::VARCHAR[] IS NULL OR kind = ANY($kinds))
      AND ($states::VARCHAR[] IS NULL OR state = ANY($states))
    GROUP BY ALL
),
days AS (SELECT unnest(generate_series($as_of::DATE - $days::INTEGER, $as_of::DATE - 1, INTERVAL 1 DAY))::DATE AS day),
grid AS (SELECT days.day, states.state FROM days CROSS JOIN (SELECT DISTINCT state FROM daily) states)
SELECT
    day,
    state,
    coalesce(sum(change) OVER (PARTITION BY state ORDER BY day), 0)::BIGINT AS count_tokens
FROM grid LEFT JOIN daily USING (day, state)
ORDER BY state, day;

-- name: runoff
-- One row per (expires_on, topic): tokens available at $as_of, by the day (UTC) on which they end unused. Only for an $as_of
-- with nothing but expiry ahead: there what leaves the state on a later day is what expires on it.
WITH leaving AS (
    SELECT to_at::DATE AS expires_on, topic, count(*) AS count_tokens
    FROM token_spans
    WHERE to_at > $as_of AND to_at < $as_of::DATE + 1 AND state = 'available' AND from_at <= $as_of
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
      AND ($topics::VARCHAR[] IS NULL OR topic = ANY($topics))
      AND ($kinds::VARCHAR[] IS NULL OR kind = ANY($kinds))
    GROUP BY ALL
    UNION ALL
    SELECT day, topic, sum(count_left)
    FROM token_daily
    WHERE day > $as_of::DATE AND state = 'available'
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
      AND ($topics::VARCHAR[] IS NULL OR topic = ANY($topics))
      AND ($kinds::VARCHAR[] IS NULL OR kind = ANY($kinds))
    GROUP BY ALL
)
SELECT expires_on, topic, count_tokens::BIGINT AS count_tokens FROM leaving
WHERE count_tokens > 0
ORDER BY expires_on, topic;

-- name: runoff_past
-- As runoff, for a moment with later events: the state may end by use or by a stop, so the expiry is the one known then.
SELECT ends_at::DATE AS expires_on, topic, count(*) AS count_tokens
FROM token_spans
WHERE state = 'available' AND from_at <= $as_of AND to_at > $as_of
  AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
  AND ($topics::VARCHAR[] IS NULL OR topic = ANY($topics))
  AND ($kinds::VARCHAR[] IS NULL OR kind = ANY($kinds))
GROUP BY ALL
ORDER BY expires_on, topic;

-- name: ages
-- One row per number of days (UTC) since the opt-in: tokens available at $as_of.
SELECT $as_of::DATE - opted_in_at::DATE AS age_days, count(*) AS count_tokens
FROM token_spans
WHERE state = 'available' AND from_at <= $as_of AND to_at > $as_of
  AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
  AND ($topics::VARCHAR[] IS NULL OR topic = ANY($topics))
  AND ($kinds::VARCHAR[] IS NULL OR kind = ANY($kinds))
GROUP BY age_days ORDER BY age_days;

-- name: token_rows
-- One row per token that fits the filters at $as_of; those whose state ends first come first.
-- What is shown of them is read once they are chosen: carrying every column of millions of rows along takes twice as long.
WITH first AS (
    SELECT rowid AS span_row
    FROM token_spans
    WHERE from_at <= $as_of AND to_at > $as_of
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
      AND ($topics::VARCHAR[] IS NULL OR topic = ANY($topics))
      AND ($kinds::VARCHAR[] IS NULL OR kind = ANY($kinds))
      AND ($states::VARCHAR[] IS NULL OR state = ANY($states))
      AND ($age_from::INTEGER IS NULL OR opted_in_at::DATE <= $as_of::DATE - $age_from::INTEGER)
      AND ($age_to::INTEGER IS NULL OR opted_in_at::DATE > $as_of::DATE - $age_to::INTEGER)
      AND ($left_from::INTEGER IS NULL OR ends_at::DATE >= $as_of::DATE + $left_from::INTEGER)
      AND ($left_to::INTEGER IS NULL OR ends_at::DATE < $as_of::DATE + $left_to::INTEGER)
    ORDER BY to_at, from_at DESC, token_key LIMIT $limit
),
chosen AS (SELECT * FROM token_spans WHERE rowid IN (SELECT span_row FROM first)),
their_tokens AS (
    SELECT * FROM tokens WHERE rowid IN (SELECT rowid FROM tokens WHERE token_key IN (SELECT token_key FROM chosen))
)
SELECT
    '…' || right(their_tokens.token, 4) AS token,
    person_of($pseudonym_key::VARCHAR, their_tokens.page_id, their_tokens.psid) AS person,
    chosen.page_id,
    chosen.topic,
    chosen.kind,
    chosen.state,
    chosen.opted_in_at,
    chosen.from_at AS in_state_since,
    chosen.ends_at AS expires_at,
    greatest(chosen.ends_at::DATE - $as_of::DATE, 0) AS days_left
FROM chosen JOIN their_tokens USING (page_id, token_key)
ORDER BY chosen.to_at, chosen.from_at DESC, token_key;

-- name: token_count
-- One row: how many tokens token_rows would give without its limit.
SELECT count(*) AS count_tokens
FROM token_spans
WHERE from_at <= $as_of AND to_at > $as_of
  AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
  AND ($topics::VARCHAR[] IS NULL OR topic = ANY($topics))
  AND ($kinds::VARCHAR[] IS NULL OR kind = ANY($kinds))
  AND ($states::VARCHAR[] IS NULL OR state = ANY($states))
  AND ($age_from::INTEGER IS NULL OR opted_in_at::DATE <= $as_of::DATE - $age_from::INTEGER)
  AND ($age_to::INTEGER IS NULL OR opted_in_at::DATE > $as_of::DATE - $age_to::INTEGER)
  AND ($left_from::INTEGER IS NULL OR ends_at::DATE >= $as_of::DATE + $left_from::INTEGER)
  AND ($left_to::INTEGER IS NULL OR ends_at::DATE < $as_of::DATE + $left_to::INTEGER);
