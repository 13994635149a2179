-- One row per (page_id, token), and one row per stretch of time that the token spends in one state.
-- Every token that the chunk touched is made anew from all of its events; the others stay as they are.

-- name: touched_tokens
CREATE OR REPLACE TEMP TABLE chunk_tokens AS
SELECT page_id, token_key FROM token_events
WHERE event_id IN (SELECT event_id FROM chunk_new WHERE kind IN ('optin', 'message_echo'))
UNION
SELECT page_id, token_key FROM chunk_replaced_tokens;

-- name: count_touched
SELECT count(*) FROM chunk_tokens;

-- name: old_spans
-- Rows are found by one column, then read: a join over millions of rows pays for each column that it carries.
CREATE OR REPLACE TEMP TABLE chunk_old_spans AS
SELECT s.rowid AS span_row, s.*
FROM token_spans AS s SEMI JOIN chunk_tokens AS c ON s.token_key = c.token_key AND s.page_id = c.page_id
WHERE s.rowid IN (SELECT rowid FROM token_spans WHERE token_key IN (SELECT token_key FROM chunk_tokens));

-- name: count_old
SELECT count(*) FROM chunk_old_spans;

-- name: drop_spans
DELETE FROM token_spans WHERE rowid IN (SELECT span_row FROM chunk_old_spans);

-- name: drop_tokens
DELETE FROM tokens AS t USING chunk_tokens AS c
WHERE t.rowid IN (SELECT rowid FROM tokens WHERE token_key IN (SELECT token_key FROM chunk_tokens))
    AND t.token_key = c.token_key AND t.page_id = c.page_id;

-- name: history
-- All that is known of the touched tokens, looked up once for the two statements below.
CREATE OR REPLACE TEMP TABLE chunk_history AS
SELECT e.* FROM token_events AS e SEMI JOIN chunk_tokens AS c ON e.token_key = c.token_key AND e.page_id = c.page_id;

-- name: new_spans
CREATE OR REPLACE TEMP TABLE chunk_spans AS
WITH held AS (
    -- A token is held once an opt-in or a resumption is in the logs; a stop or a spend alone gives nothing.
    SELECT h.*, g.held_topic, g.holder, g.held_kind, g.opted_in_at
    FROM chunk_history AS h JOIN (
        SELECT
            page_id, token_key, arg_max(topic, struct_pack(happened_at, event_id)) AS held_topic,
            min(psid) AS holder, min(kind) AS held_kind, min(happened_at) AS opted_in_at
        FROM chunk_history
        WHERE action IN ('opt_in', 'resume')
        GROUP BY page_id, token_key
    ) AS g ON g.token_key = h.token_key AND g.page_id = h.page_id
),
steps AS (
    SELECT
        page_id, token_key, held_kind AS kind, held_topic AS topic, holder, opted_in_at, happened_at,
        last_value(CASE WHEN action IN ('opt_in', 'resume') THEN expires_at END IGNORE NULLS) OVER so_far AS expires_at,
        last_value(CASE WHEN action IN ('opt_in', 'resume') THEN effective_expires_at END IGNORE NULLS) OVER so_far AS ends_at,
        last_value(CASE action WHEN 'stop' THEN true WHEN 'spend' THEN NULL ELSE false END IGNORE NULLS) OVER so_far AS is_stopped,
        bool_or(action = 'spend' AND held_kind = 'otn') OVER so_far AS is_spent,
        bool_or(action IN ('opt_in', 'resume')) OVER so_far AS is_given,
        lead(happened_at, 1, TIMESTAMP '9999-12-31') OVER (PARTITION BY page_id, token_key ORDER BY happened_at, action, event_id) AS until_at
    FROM held
    WHERE held_topic IS NOT NULL
    WINDOW so_far AS (PARTITION BY page_id, token_key ORDER BY happened_at, action, event_id ROWS UNBOUNDED PRECEDING)
),
pieces AS (
    SELECT *, 'spent' AS state, happened_at AS from_at, until_at AS to_at FROM steps WHERE is_spent
    UNION ALL
    SELECT *, 'revoked', happened_at, until_at FROM steps WHERE is_stopped AND is_given AND NOT is_spent
    UNION ALL
    SELECT *, 'available', happened_at, least(until_at, ends_at) FROM steps WHERE is_given AND NOT is_stopped AND NOT is_spent
    UNION ALL
    SELECT *, CASE WHEN expires_at IS NULL OR ends_at < expires_at THEN 'stranded' ELSE 'expired' END, greatest(happened_at, ends_at), until_at
    FROM steps WHERE is_given AND NOT is_stopped AND NOT is_spent AND ends_at < until_at
),
marked AS (
    SELECT
        *, lag(state) OVER w IS DISTINCT FROM state OR (state = 'available' AND lag(ends_at) OVER w IS DISTINCT FROM ends_at) AS is_change
    FROM pieces WHERE from_at < to_at
    WINDOW w AS (PARTITION BY page_id, token_key ORDER BY from_at)
),
runs AS (
    SELECT *, count(*) FILTER (is_change) OVER (PARTITION BY page_id, token_key ORDER BY from_at) AS run FROM marked
)
SELECT
    token_key, page_id, any_value(kind) AS kind, any_value(topic) AS topic, hash(page_id, any_value(holder)) AS contact_key,
    any_value(state) AS state, min(from_at) AS from_at, max(to_at) AS to_at,
    any_value(opted_in_at) AS opted_in_at, arg_max(ends_at, from_at) AS ends_at
FROM runs
GROUP BY page_id, token_key, run;

-- name: keep_spans
INSERT INTO token_spans SELECT * FROM chunk_spans;

-- name: keep_tokens
INSERT INTO tokens
WITH folded AS (
    SELECT
        page_id, token_key,
        min(token) AS token,
        min(kind) FILTER (is_grant) AS kind,
        min(psid) FILTER (is_grant) AS psid,
        arg_max(topic, struct_pack(happened_at, event_id)) FILTER (is_grant) AS topic,
        min(happened_at) FILTER (is_grant) AS opted_in_at,
        arg_max(struct_pack(expires_at), struct_pack(happened_at, event_id)) FILTER (is_grant) AS last_expiry,
        arg_max(effective_expires_at, struct_pack(happened_at, event_id)) FILTER (is_grant) AS effective_expires_at,
        min(happened_at) FILTER (action = 'spend') AS first_spent_at,
        arg_max(region, struct_pack(happened_at, event_id)) FILTER (is_grant) AS region,
        arg_min(event_id, struct_pack(happened_at, event_id)) FILTER (is_grant) AS event_id
    FROM (SELECT *, action IN ('opt_in', 'resume') AS is_grant FROM chunk_history)
    GROUP BY page_id, token_key
),
revoked AS (
    SELECT page_id, token_key, max(from_at) AS revoked_at FROM chunk_spans WHERE state = 'revoked' AND to_at = TIMESTAMP '9999-12-31' GROUP BY ALL
),
present AS (
    SELECT page_id, token_key, state FROM chunk_spans WHERE from_at <= $as_of AND to_at > $as_of
)
SELECT
    f.token, f.kind, f.page_id, f.psid, f.topic, f.opted_in_at, f.last_expiry.expires_at, f.effective_expires_at, p.state,
    CASE f.kind WHEN 'otn' THEN f.first_spent_at END, r.revoked_at, f.region, f.event_id, f.token_key
FROM folded AS f
LEFT JOIN present AS p USING (page_id, token_key)
LEFT JOIN revoked AS r USING (page_id, token_key)
WHERE f.opted_in_at IS NOT NULL;

-- name: refresh_states
-- Time has moved since tokens.state was last set: only tokens that stand in another stretch now are touched.
UPDATE tokens AS t SET state = s.state
FROM token_spans AS s
WHERE s.token_key = t.token_key AND s.page_id = t.page_id AND s.from_at <= $as_of AND s.to_at > $as_of
    AND NOT (s.from_at <= $was_as_of AND s.to_at > $was_as_of);

-- name: refresh_ungiven
-- Seen from an earlier moment, tokens given later have no state yet.
UPDATE tokens SET state = NULL WHERE opted_in_at > $as_of AND state IS NOT NULL;
