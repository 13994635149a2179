-- name: opted
-- One row per send after which the person gave a permission, or gave one again.
CREATE OR REPLACE TEMP TABLE audit_opted AS
SELECT DISTINCT s.send_id
FROM audit_sends AS s
JOIN audit_reach AS r ON r.send_id = s.send_id
JOIN token_events AS e ON e.page_id = s.page_id AND e.psid = s.psid
WHERE e.action IN ('opt_in', 'resume') AND e.happened_at > r.sent_at AND e.happened_at <= r.sent_at + to_days($reply_days);

-- name: came
-- One row per (lane, variant). Only what was accepted counts as delivered, read, replied or opted in.
SELECT
    s.lane, s.variant, count(*) AS planned,
    count(*) FILTER (s.state = 'accepted') AS accepted,
    count(*) FILTER (s.state = 'accepted' AND r.delivered_at IS NOT NULL) AS delivered,
    count(*) FILTER (s.state = 'accepted' AND r.read_at IS NOT NULL) AS read,
    count(*) FILTER (s.state = 'accepted' AND r.replied_at IS NOT NULL) AS replied,
    count(*) FILTER (s.state = 'accepted' AND o.send_id IS NOT NULL) AS opted_in
FROM audit_sends AS s
JOIN audit_reach AS r ON r.send_id = s.send_id
LEFT JOIN audit_opted AS o ON o.send_id = s.send_id
GROUP BY s.lane, s.variant
ORDER BY s.lane, s.variant;

-- name: parts
-- One row per part of the audience: those to whom a send was reserved, and those held out by the frozen plan.
-- Both by what they did in the same span after the beginning, whatever became of the send: chance alone parted them.
WITH people AS (
    SELECT psid, 'sent' AS part FROM audit_sends
    UNION ALL
    SELECT psid, 'held' FROM read_parquet($file) WHERE reason = 'holdout'
),
replied AS (
    SELECT DISTINCT psid FROM events
    WHERE page_id = $page_id AND kind IN ('message', 'postback')
        AND occurred_at > $begins AND occurred_at <= $begins + to_days($reply_days)
),
opted AS (
    SELECT DISTINCT psid FROM token_events
    WHERE page_id = $page_id AND action IN ('opt_in', 'resume')
        AND happened_at > $begins AND happened_at <= $begins + to_days($reply_days)
)
SELECT p.part, count(*) AS people, count(r.psid) AS replied, count(o.psid) AS opted_in
FROM people AS p
LEFT JOIN replied AS r ON r.psid = p.psid
LEFT JOIN opted AS o ON o.psid = p.psid
GROUP BY p.part;

-- name: costs
-- One row per (topic, lane) of tokens: how many carried a message, were refused for good, or are still held for it.
SELECT
    coalesce(topic, '') AS topic, lane,
    count(*) FILTER (state = 'accepted') AS used,
    count(*) FILTER (state = 'refused' AND starts_with(reason, $dead)) AS written_off,
    count(*) FILTER (state IN ('queued', 'sending', 'unconfirmed')) AS reserved
FROM audit_sends
WHERE token_key IS NOT NULL
GROUP BY ALL
ORDER BY used DESC, topic, lane;

-- name: by_window
-- One row: how many messages went by the open window although the person held a one-time token on the topic.
SELECT count(DISTINCT s.send_id)
FROM audit_sends AS s
JOIN audit_reach AS r ON r.send_id = s.send_id
JOIN token_spans AS t ON t.page_id = s.page_id AND t.contact_key = hash(s.page_id, s.psid)
WHERE s.lane = 'standard_window' AND s.state = 'accepted'
    AND t.kind = 'otn' AND t.topic = $topic AND t.state = 'available' AND t.from_at <= r.sent_at AND t.to_at > r.sent_at;

-- name: in_time
-- One row: how many one-time tokens were spent that would have ended within $soon_days.
SELECT count(*)
FROM audit_sends AS s JOIN audit_reach AS r ON r.send_id = s.send_id
WHERE s.lane = 'otn' AND s.state = 'accepted' AND s.permission_ends_at <= r.sent_at + to_days($soon_days);

-- name: reaches
-- One row: when the last message went out, and how far the logs of the Page reach.
SELECT
    (SELECT max(r.sent_at) FROM audit_reach AS r JOIN audit_sends AS s ON s.send_id = r.send_id WHERE s.state = 'accepted') AS last_at,
    (SELECT max(hour) FROM event_hourly WHERE page_id = $page_id) AS logs_until;
