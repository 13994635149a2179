-- One row per event that gives, renews, stops, resumes or spends a token.

-- name: count_candidates
SELECT (SELECT count(*) FROM chunk_new WHERE kind = 'optin' OR metadata IS NOT NULL) + (SELECT count(*) FROM chunk_replaced);

-- name: tokens_of_replaced
CREATE OR REPLACE TEMP TABLE chunk_replaced_tokens AS
SELECT DISTINCT page_id, token_key FROM token_events WHERE event_id IN (SELECT event_id FROM chunk_replaced);

-- name: drop_token_events
DELETE FROM token_events WHERE event_id IN (SELECT event_id FROM chunk_replaced);

-- name: token_events
INSERT INTO token_events
WITH optins AS (
    SELECT
        event_id, page_id, psid, occurred_at,
        from_json(payload -> '$.optin', '{"type":"VARCHAR","title":"VARCHAR","payload":"VARCHAR","one_time_notif_token":"VARCHAR",
            "notification_messages_token":"VARCHAR","notification_messages_timezone":"VARCHAR","notification_messages_frequency":"VARCHAR",
            "notification_messages_status":"VARCHAR","token_expiry_timestamp":"VARCHAR"}') AS o
    FROM chunk_new
    WHERE kind = 'optin' AND occurred_at IS NOT NULL
),
given AS (
    SELECT
        *, coalesce(o.one_time_notif_token, o.notification_messages_token) AS token,
        CASE WHEN o.one_time_notif_token IS NOT NULL THEN 'otn' ELSE 'marketing' END AS kind,
        CASE
            WHEN starts_with(upper(coalesce(o.notification_messages_status, '')), 'STOP') THEN 'stop'
            WHEN starts_with(upper(coalesce(o.notification_messages_status, '')), 'RESUME') THEN 'resume'
            ELSE 'opt_in'
        END AS action
    FROM optins
    WHERE coalesce(o.one_time_notif_token, o.notification_messages_token, '') <> ''
),
lived AS (
    -- The expiry that Meta names counts; where it names none, the lifetime that the rule book gives for that day.
    SELECT
        g.*, coalesce(z.region, 'unknown') AS region,
        CASE WHEN g.action <> 'stop' THEN coalesce(
            logged_time(g.o.token_expiry_timestamp),
            g.occurred_at + to_months(l.months) + to_days(l.days)
        ) END AS expires_at
    FROM given AS g
    LEFT JOIN rule_lifetimes AS l
        ON l.kind = g.kind AND l.frequency = upper(coalesce(g.o.notification_messages_frequency, ''))
        AND g.occurred_at >= l.since AND g.occurred_at < l.until
    LEFT JOIN rule_regions AS z ON z.zone = g.o.notification_messages_timezone
),
named AS (
    -- A payload may itself be JSON; then the topic is the member that names it.
    SELECT
        *,
        coalesce(
            nullif(trim(o.title), ''),
            CASE WHEN starts_with(trim(coalesce(o.payload, '')), '{') AND json_valid(o.payload)
                THEN coalesce(o.payload ->> '$.topic', o.payload ->> '$.title', o.payload ->> '$.name', o.payload) END,
            nullif(trim(o.payload), ''),
            'unnamed'
        ) AS written_topic
    FROM lived
)
SELECT
    n.event_id, n.page_id, CAST(md5(n.token) AS UUID), n.token, n.kind, n.psid, n.action, n.occurred_at,
    coalesce(t.topic, n.written_topic), n.expires_at,
    CASE
        WHEN n.action = 'stop' THEN NULL
        WHEN c.since IS NULL THEN coalesce(n.expires_at, TIMESTAMP '9999-12-31')
        ELSE least(coalesce(n.expires_at, TIMESTAMP '9999-12-31'), greatest(n.occurred_at, c.since))
    END,
    n.region
FROM named AS n
LEFT JOIN rule_closures AS c ON c.kind = n.kind AND c.region = n.region AND n.occurred_at < c.given_before
LEFT JOIN rule_topics AS t ON t.written = n.written_topic
UNION ALL
-- A send made through Clear to Send says in its echo which token it spent.
SELECT event_id, page_id, token_key, NULL, 'otn', psid, 'spend', occurred_at, NULL, NULL, NULL, NULL
FROM (
    SELECT
        event_id, page_id, psid, occurred_at,
        try_cast(regexp_extract(metadata, '^clear-to-send/1 .*\btoken=([0-9a-f]{32})\b', 1) AS UUID) AS token_key
    FROM chunk_new
    WHERE metadata IS NOT NULL AND kind = 'message_echo' AND occurred_at IS NOT NULL
)
WHERE token_key IS NOT NULL;
