-- What the token inventory reads: stock, run-off, ages and the tokens themselves.

-- name: known_to
-- One row: the moment up to which the warehouse knows what happened; after it nothing but expiry can be told.
SELECT as_of FROM warehouse_state;

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
-- One row per day (expires_on), per topic, or per started day left (days_left); the other two are NULL: tokens available
-- at $as_of, by when they end unused. Only for an $as_of with nothing but expiry ahead: there a span's end is the expiry.
WITH ahead AS (
    SELECT
        topic,
        to_at AS ends_at,
        to_at::DATE AS expires_on,
        (epoch_us(to_at) - epoch_us($as_of) + 86399999999) // 86400000000 AS days_left
    FROM token_spans
    WHERE state = 'available' AND from_at <= $as_of AND to_at > $as_of
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
      AND ($topics::VARCHAR[] IS NULL OR topic = ANY($topics))
      AND ($kinds::VARCHAR[] IS NULL OR kind = ANY($kinds))
)
SELECT
    expires_on,
    topic,
    days_left,
    count(*) AS count_tokens,
    count(*) FILTER (ends_at <= $as_of + to_days($soon_days)) AS count_soon
FROM ahead
GROUP BY GROUPING SETS ((expires_on), (topic), (days_left))
ORDER BY expires_on, days_left, count_soon DESC, topic;

-- name: runoff_past
-- As runoff, for a moment with later events: the span may end by use or by a stop, so the expiry comes from tokens.
WITH ahead AS (
    SELECT
        tokens.topic,
        effective_expires_at AS ends_at,
        effective_expires_at::DATE AS expires_on,
        (epoch_us(effective_expires_at) - epoch_us($as_of) + 86399999999) // 86400000000 AS days_left
    FROM token_spans JOIN tokens USING (token_key)
    WHERE token_spans.state = 'available' AND from_at <= $as_of AND to_at > $as_of
      AND ($page_id::VARCHAR IS NULL OR token_spans.page_id = $page_id)
      AND ($topics::VARCHAR[] IS NULL OR token_spans.topic = ANY($topics))
      AND ($kinds::VARCHAR[] IS NULL OR token_spans.kind = ANY($kinds))
)
SELECT
    expires_on,
    topic,
    days_left,
    count(*) AS count_tokens,
    count(*) FILTER (ends_at <= $as_of + to_days($soon_days)) AS count_soon
FROM ahead
GROUP BY GROUPING SETS ((expires_on), (topic), (days_left))
ORDER BY expires_on, days_left, count_soon DESC, topic;

-- name: ages
-- One row per whole number of days since the opt-in: tokens available at $as_of.
SELECT (epoch_us($as_of) - epoch_us(opted_in_at)) // 86400000000 AS age_days, count(*) AS count_tokens
FROM token_spans JOIN tokens USING (token_key)
WHERE token_spans.state = 'available' AND from_at <= $as_of AND to_at > $as_of
  AND ($page_id::VARCHAR IS NULL OR token_spans.page_id = $page_id)
  AND ($topics::VARCHAR[] IS NULL OR token_spans.topic = ANY($topics))
  AND ($kinds::VARCHAR[] IS NULL OR token_spans.kind = ANY($kinds))
GROUP BY age_days ORDER BY age_days;

-- name: token_rows
-- One row per token that fits the filters at $as_of; those whose state ends first come first.
WITH fitting AS (
    SELECT token_key, state, from_at, to_at
    FROM token_spans
    WHERE from_at <= $as_of AND to_at > $as_of
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
      AND ($topics::VARCHAR[] IS NULL OR topic = ANY($topics))
      AND ($kinds::VARCHAR[] IS NULL OR kind = ANY($kinds))
      AND ($states::VARCHAR[] IS NULL OR state = ANY($states))
),
chosen AS (SELECT * FROM fitting ORDER BY to_at, from_at DESC, token_key LIMIT $limit)
SELECT
    '…' || right(tokens.token, 4) AS token,
    'person-' || left(sha256($pseudonym_key || tokens.page_id || '/' || tokens.psid), 10) AS person,
    tokens.page_id,
    tokens.topic,
    tokens.kind,
    chosen.state,
    tokens.opted_in_at,
    chosen.from_at AS in_state_since,
    tokens.effective_expires_at AS expires_at,
    greatest(epoch_us(tokens.effective_expires_at) - epoch_us($as_of), 0) // 86400000000 AS days_left
FROM chosen JOIN tokens USING (token_key)
ORDER BY chosen.to_at, chosen.from_at DESC, token_key;

-- name: token_rows_timed
-- As token_rows, also bounded by age and by time left: these need a join with every token.
WITH fitting AS (
    SELECT token_key, token_spans.state, from_at, to_at
    FROM token_spans JOIN tokens USING (token_key)
    WHERE from_at <= $as_of AND to_at > $as_of
      AND ($page_id::VARCHAR IS NULL OR token_spans.page_id = $page_id)
      AND ($topics::VARCHAR[] IS NULL OR token_spans.topic = ANY($topics))
      AND ($kinds::VARCHAR[] IS NULL OR token_spans.kind = ANY($kinds))
      AND ($states::VARCHAR[] IS NULL OR token_spans.state = ANY($states))
      AND ($age_from::INTEGER IS NULL OR opted_in_at <= $as_of - to_days($age_from::INTEGER))
      AND ($age_to::INTEGER IS NULL OR opted_in_at > $as_of - to_days($age_to::INTEGER))
      AND ($left_from::INTEGER IS NULL OR effective_expires_at > $as_of + to_days($left_from::INTEGER))
      AND ($left_to::INTEGER IS NULL OR effective_expires_at <= $as_of + to_days($left_to::INTEGER))
),
chosen AS (SELECT * FROM fitting ORDER BY to_at, from_at DESC, token_key LIMIT $limit)
SELECT
    '…' || right(tokens.token, 4) AS token,
    'person-' || left(sha256($pseudonym_key || tokens.page_id || '/' || tokens.psid), 10) AS person,
    tokens.page_id,
    tokens.topic,
    tokens.kind,
    chosen.state,
    tokens.opted_in_at,
    chosen.from_at AS in_state_since,
    tokens.effective_expires_at AS expires_at,
    greatest(epoch_us(tokens.effective_expires_at) - epoch_us($as_of), 0) // 86400000000 AS days_left
FROM chosen JOIN tokens USING (token_key)
ORDER BY chosen.to_at, chosen.from_at DESC, token_key;

-- name: token_count
-- One row: how many tokens token_rows_timed would give without its limit.
SELECT count(*) AS count_tokens
FROM token_spans JOIN tokens USING (token_key)
WHERE from_at <= $as_of AND to_at > $as_of
  AND ($page_id::VARCHAR IS NULL OR token_spans.page_id = $page_id)
  AND ($topics::VARCHAR[] IS NULL OR token_spans.topic = ANY($topics))
  AND ($kinds::VARCHAR[] IS NULL OR token_spans.kind = ANY($kinds))
  AND ($states::VARCHAR[] IS NULL OR token_spans.state = ANY($states))
  AND ($age_from::INTEGER IS NULL OR opted_in_at <= $as_of - to_days($age_from::INTEGER))
  AND ($age_to::INTEGER IS NULL OR opted_in_at > $as_of - to_days($age_to::INTEGER))
  AND ($left_from::INTEGER IS NULL OR effective_expires_at > $as_of + to_days($left_from::INTEGER))
  AND ($left_to::INTEGER IS NULL OR effective_expires_at <= $as_of + to_days($left_to::INTEGER));
