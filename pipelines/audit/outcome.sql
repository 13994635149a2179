-- name: funnel
-- One row per (lane, variant). Only what was accepted counts as delivered, read, replied or stopped.
SELECT
    s.lane, s.variant, count(*) AS planned,
    count(*) FILTER (s.state = 'accepted') AS accepted,
    count(*) FILTER (s.state = 'accepted' AND r.delivered_at IS NOT NULL) AS delivered,
    count(*) FILTER (s.state = 'accepted' AND r.read_at IS NOT NULL) AS read,
    count(*) FILTER (s.state = 'accepted' AND r.replied_at IS NOT NULL) AS replied,
    count(*) FILTER (s.state = 'accepted' AND r.stopped_at IS NOT NULL) AS stopped,
    count(*) FILTER (s.state = 'refused') AS refused,
    count(*) FILTER (s.state = 'failed') AS failed,
    count(*) FILTER (s.state = 'unconfirmed') AS unconfirmed,
    count(*) FILTER (s.state = 'cancelled') AS cancelled,
    count(*) FILTER (s.state IN ('queued', 'sending')) AS waiting
FROM audit_sends AS s JOIN audit_reach AS r ON r.send_id = s.send_id
GROUP BY s.lane, s.variant
ORDER BY s.lane, s.variant;

-- name: failures
-- One row per (state, reason) of the sends that did not go out, or of which nobody knows.
SELECT state, coalesce(reason, 'unnamed') AS reason, min(words) AS words, count(*) AS sends
FROM audit_sends
WHERE state IN ('refused', 'failed', 'unconfirmed', 'cancelled')
GROUP BY ALL
ORDER BY sends DESC, state, reason;

-- name: settled
-- One row per (settled_by, state) of the sends whose answer was lost and whose fate was found out.
SELECT settled_by, state, min(words) AS words, count(*) AS sends
FROM audit_sends
WHERE settled_by IS NOT NULL
GROUP BY ALL
ORDER BY sends DESC, settled_by, state;

-- name: logs_until
-- One row: how far the logs of the Page reach.
SELECT max(hour) FROM event_hourly WHERE page_id = $page_id;
