-- What the overview reads: who may be messaged, by which lane, and what changes soon.

-- name: pages
-- One row per Page seen in any event.
SELECT DISTINCT page_id FROM event_hourly WHERE page_id <> '' ORDER BY page_id;

-- name: freshness
-- One row: what is loaded, and how fresh it is. count_events is the balance sheet's figure, not a scan of events.
SELECT
    count(*) AS count_files,
    coalesce(sum(events), 0)::BIGINT AS count_events,
    min(first_event_at) AS first_event_at,
    max(last_event_at) AS last_event_at,
    max(last_loaded_at) AS last_loaded_at
FROM sources;

-- name: reach
-- One row: people by the best lane still open to them at $as_of. A person counts once per Page.
WITH recent AS (
    SELECT contact_key, max(closes_at) > $as_of AS is_open
    FROM windows
    WHERE opened_at <= $as_of
      AND closes_at > $as_of - to_days($human_agent_days) + to_hours($window_hours)
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    GROUP BY contact_key
),
holders AS (
    SELECT contact_key FROM held_spans
    WHERE from_at <= $as_of AND to_at > $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
),
lately AS (
    SELECT
        count(*) FILTER (recent.is_open) AS count_window,
        count(*) FILTER (recent.is_open AND holders.contact_key IS NOT NULL) AS count_window_and_token,
        count(*) FILTER (NOT recent.is_open AND holders.contact_key IS NULL) AS count_human_agent
    FROM recent LEFT JOIN holders USING (contact_key)
),
seen AS (
    SELECT count(*) AS count_contacts FROM contacts
    WHERE first_seen_at <= $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
)
SELECT
    seen.count_contacts,
    lately.count_window,
    (SELECT count(*) FROM holders) - lately.count_window_and_token AS count_token,
    lately.count_human_agent
FROM seen CROSS JOIN lately;

-- name: known_to
-- One row: the moment up to which the warehouse knows what happened; after it nothing but endings can be told.
SELECT greatest(as_of, (SELECT max(last_event_at) FROM sources)) AS known_to FROM warehouse_state;

-- name: held_until
-- One row per minute (of the $hours after $as_of; NULL for all later ones) in which people lose their last available token.
-- Only for an $as_of with nothing but expiry ahead. A token that ends on the stroke of a minute ended before it.
SELECT
    CASE WHEN to_at <= $as_of + to_hours($hours) THEN date_trunc('minute', to_at - INTERVAL 1 MICROSECOND) END AS minute,
    count(*) AS count_people
FROM held_spans
WHERE from_at <= $as_of AND to_at > $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
GROUP BY minute;

-- name: wrote_lately
-- One row per person whose window is open at $as_of, or whom a human agent may still answer then: the end of the window, and
-- of the last available token. Only for an $as_of with nothing but expiry ahead.
WITH recent AS (
    SELECT contact_key, max(closes_at) AS closes_at
    FROM windows
    WHERE closes_at > $as_of - to_days($human_agent_days) + to_hours($window_hours)
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    GROUP BY contact_key
),
held AS (
    SELECT contact_key, to_at AS ends_at FROM held_spans WHERE from_at <= $as_of AND to_at > $as_of
)
SELECT recent.closes_at, held.ends_at FROM recent LEFT JOIN held USING (contact_key);

-- name: count_contacts
-- One row: all contacts.
SELECT count(*) FROM contacts WHERE $page_id::VARCHAR IS NULL OR page_id = $page_id;

-- name: people_who_wrote
-- One row per person who acted lately: $lane 'window' (open at $as_of) or 'human_agent' (closed, and no token held).
WITH recent AS (
    SELECT contact_key, max(closes_at) AS window_closes_at
    FROM windows
    WHERE opened_at <= $as_of
      AND closes_at > $as_of - to_days($human_agent_days) + to_hours($window_hours)
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    GROUP BY contact_key
),
chosen AS (
    SELECT * FROM recent
    WHERE CASE WHEN $lane = 'window' THEN window_closes_at > $as_of
               ELSE window_closes_at <= $as_of
                    AND contact_key NOT IN (SELECT contact_key FROM held_spans WHERE from_at <= $as_of AND to_at > $as_of) END
    ORDER BY window_closes_at, contact_key
    LIMIT $limit
),
held AS (
    SELECT contact_key, count(*) AS count_tokens, min(to_at) AS next_token_ends_at
    FROM token_spans
    WHERE contact_key IN (SELECT contact_key FROM chosen) AND state = 'available' AND from_at <= $as_of AND to_at > $as_of
    GROUP BY contact_key
)
SELECT
    person_of($pseudonym_key::VARCHAR, contacts.page_id, contacts.psid) AS person,
    contacts.page_id,
    chosen.window_closes_at,
    coalesce(held.count_tokens, 0) AS count_tokens,
    held.next_token_ends_at,
    contacts.first_seen_at
FROM chosen JOIN contacts USING (contact_key) LEFT JOIN held USING (contact_key)
ORDER BY chosen.window_closes_at, contact_key;

-- name: people_with_token
-- One row per person without an open window who holds an available token at $as_of: whose token ends first comes first.
WITH in_window AS (
    SELECT contact_key FROM windows
    WHERE opened_at <= $as_of AND closes_at > $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
),
held AS (
    SELECT contact_key, count(*) AS count_tokens, min(to_at) AS next_token_ends_at
    FROM token_spans ANTI JOIN in_window USING (contact_key)
    WHERE state = 'available' AND from_at <= $as_of AND to_at > $as_of
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    GROUP BY contact_key
),
chosen AS (SELECT * FROM held ORDER BY next_token_ends_at, contact_key LIMIT $limit)
SELECT
    person_of($pseudonym_key::VARCHAR, contacts.page_id, contacts.psid) AS person,
    contacts.page_id,
    NULL::TIMESTAMP AS window_closes_at,
    chosen.count_tokens,
    chosen.next_token_ends_at,
    contacts.first_seen_at
FROM chosen JOIN contacts USING (contact_key)
ORDER BY chosen.next_token_ends_at, contact_key;

-- name: people_out_of_reach
-- One row per person whom no lane reaches at $as_of, with the end of their last window: the newest contacts come first.
WITH recent AS (
    SELECT contact_key FROM windows
    WHERE opened_at <= $as_of
      AND closes_at > $as_of - to_days($human_agent_days) + to_hours($window_hours)
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
),
holders AS (
    SELECT contact_key FROM held_spans
    WHERE from_at <= $as_of AND to_at > $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
),
chosen AS (
    SELECT contact_key, page_id, psid, first_seen_at
    FROM contacts ANTI JOIN recent USING (contact_key) ANTI JOIN holders USING (contact_key)
    WHERE first_seen_at <= $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    ORDER BY first_seen_at DESC, contact_key
    LIMIT $limit
),
ended AS (
    SELECT contact_key, max(closes_at) AS window_closes_at
    FROM windows SEMI JOIN chosen USING (contact_key)
    WHERE closes_at <= $as_of
    GROUP BY contact_key
)
SELECT
    person_of($pseudonym_key::VARCHAR, page_id, psid) AS person,
    page_id,
    ended.window_closes_at,
    0 AS count_tokens,
    NULL::TIMESTAMP AS next_token_ends_at,
    first_seen_at
FROM chosen LEFT JOIN ended USING (contact_key)
ORDER BY first_seen_at DESC, contact_key;

-- name: windows_open
-- One row: windows open at $as_of, and of those how many close within $soon_hours.
SELECT
    count(*) AS count_open,
    count(*) FILTER (closes_at <= $as_of + to_hours($soon_hours)) AS count_closing_soon
FROM windows
WHERE opened_at <= $as_of AND closes_at > $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id);

-- name: windows_by_day
-- One row per day of the last $days before $as_of: windows open at the end of that day (UTC).
WITH days AS (
    SELECT unnest(generate_series($as_of::DATE - $days::INTEGER, $as_of::DATE - 1, INTERVAL 1 DAY))::DATE AS day
),
lately AS (
    SELECT opened_at, closes_at FROM windows
    WHERE closes_at >= $as_of::DATE - $days::INTEGER AND opened_at < $as_of::DATE
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
),
changes AS (
    SELECT greatest(opened_at::DATE, $as_of::DATE - $days::INTEGER) AS day, count(*) AS change FROM lately GROUP BY ALL
    UNION ALL
    SELECT closes_at::DATE, -count(*) FROM lately WHERE closes_at < $as_of::DATE GROUP BY ALL
),
daily AS (SELECT day, sum(change) AS change FROM changes GROUP BY day)
SELECT days.day, coalesce(sum(daily.change) OVER (ORDER BY days.day), 0)::BIGINT AS count_open
FROM days LEFT JOIN daily USING (day)
ORDER BY days.day;

-- name: windows_closing
-- One row per hour (UTC) in which a window open at $as_of closes.
SELECT date_trunc('hour', closes_at) AS hour, count(*) AS count_windows
FROM windows
WHERE opened_at <= $as_of AND closes_at > $as_of AND closes_at <= $as_of + to_hours($ahead_hours)
  AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
GROUP BY hour ORDER BY hour;

-- name: flows
-- One row per day-long step back from $as_of (days_ago 0 is the last 24 hours): tokens opted in, lost and spent.
WITH steps AS (
    SELECT (epoch_us($as_of) - epoch_us(opted_in_at)) // 86400000000 AS days_ago, 'opted_in' AS flow FROM tokens
    WHERE opted_in_at <= $as_of AND opted_in_at > $as_of - to_days($days)
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    UNION ALL
    SELECT (epoch_us($as_of) - epoch_us(from_at)) // 86400000000, state FROM token_spans
    WHERE from_at <= $as_of AND from_at > $as_of - to_days($days)
      AND state IN ('spent', 'expired', 'revoked', 'stranded')
      AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
)
SELECT
    days_ago,
    count(*) FILTER (flow = 'opted_in') AS count_opted_in,
    count(*) FILTER (flow IN ('expired', 'revoked', 'stranded')) AS count_lost,
    count(*) FILTER (flow = 'expired') AS count_expired,
    count(*) FILTER (flow = 'revoked') AS count_revoked,
    count(*) FILTER (flow = 'stranded') AS count_stranded,
    count(*) FILTER (flow = 'spent') AS count_spent
FROM steps
GROUP BY days_ago ORDER BY days_ago;

-- name: policy_events
-- One row per enforcement event of all Pages and times, newest first. Finding them reads every event's kind: ask seldom.
SELECT occurred_at, page_id, action, reason
FROM policy_events
ORDER BY occurred_at DESC NULLS LAST
LIMIT $limit;
