-- name: trace
-- One row per send: which permission it rests on, who let it go out, and what came of it. person is a pseudonym.
-- agreed_…: what the person was shown when the permission was given. permission_…: the event in the logs that gave it.
CREATE OR REPLACE TEMP TABLE audit_lineage AS
WITH grants AS (
    -- The words that held at the launch: of a renewed token those of its last renewal before it.
    SELECT s.send_id, g.event_id
    FROM audit_sends AS s
    JOIN token_events AS g ON g.page_id = s.page_id AND g.token_key = try_cast(s.token_key AS UUID)
    WHERE g.action IN ('opt_in', 'resume')
    QUALIFY row_number() OVER (
        PARTITION BY s.send_id ORDER BY g.happened_at <= $launched_at DESC, g.happened_at DESC, g.event_id
    ) = 1
),
stretches AS (
    SELECT s.send_id, s.page_id, s.psid, coalesce(r.sent_at, s.state_at) AS moment, w.opened_at, w.closes_at, w.opened_by
    FROM audit_sends AS s
    JOIN audit_reach AS r ON r.send_id = s.send_id
    JOIN windows AS w ON w.page_id = s.page_id AND w.psid = s.psid
    WHERE s.lane = 'standard_window' AND w.opened_at <= coalesce(r.sent_at, s.state_at) AND coalesce(r.sent_at, s.state_at) < w.closes_at
),
openings AS (
    -- The person's last message or button press in that window, or else what opened it.
    SELECT w.send_id, w.closes_at, e.event_id
    FROM stretches AS w JOIN events AS e ON e.page_id = w.page_id AND e.psid = w.psid
    WHERE (e.kind IN ('message', 'postback') OR (e.kind = w.opened_by AND e.occurred_at = w.opened_at))
        AND e.occurred_at BETWEEN w.opened_at AND w.moment
    QUALIFY row_number() OVER (PARTITION BY w.send_id ORDER BY e.occurred_at DESC, e.event_id) = 1
),
permissions AS (
    SELECT send_id, event_id, NULL::TIMESTAMP AS closes_at FROM grants
    UNION ALL
    SELECT send_id, event_id, closes_at FROM openings
),
proven AS (
    SELECT p.send_id, p.closes_at, e.kind, e.occurred_at, e.source_file, e.source_line, e.payload -> '$.optin' AS optin
    FROM permissions AS p JOIN events AS e ON e.event_id = p.event_id
)
SELECT
    s.send_id, s.campaign_id, s.page_id,
    'person-' || left(sha256(s.campaign_id || '/' || s.page_id || '/' || s.psid), 12) AS person,
    CASE WHEN $show_ids THEN s.psid END AS psid,
    s.lane, s.variant, s.topic, s.token_key,
    p.optin ->> '$.title' AS agreed_title, p.optin ->> '$.payload' AS agreed_payload,
    p.kind AS permission_event, p.occurred_at AS permission_at, p.source_file AS permission_file, p.source_line AS permission_line,
    coalesce(p.closes_at, s.permission_ends_at) AS permission_ends_at,
    $plan_id::BIGINT AS plan_id, $plan_hash::VARCHAR AS plan_hash,
    $approved_by::VARCHAR AS approved_by, $approved_at::TIMESTAMP AS approved_at, $approval_reason::VARCHAR AS approval_reason,
    $launched_by::VARCHAR AS launched_by, $launched_at::TIMESTAMP AS launched_at, $launch_entry::BIGINT AS launch_entry,
    s.state, s.state_at, s.attempts, s.reason, s.words, s.settled_by, s.mid, s.trace,
    r.echo_at, r.delivered_at, r.read_at, r.replied_at, r.stopped_at
FROM audit_sends AS s
JOIN audit_reach AS r ON r.send_id = s.send_id
LEFT JOIN proven AS p ON p.send_id = s.send_id;

-- name: rows
-- One row per send, in the order of their ids.
FROM audit_lineage ORDER BY send_id;
