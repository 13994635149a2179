-- name: settle_in
-- One row per send of the campaign, as the ledger has it. The token itself stays where it is; token_key is its md5.
CREATE OR REPLACE TEMP TABLE audit_sends (
    send_id BIGINT, campaign_id VARCHAR, page_id VARCHAR, psid VARCHAR, lane VARCHAR, variant VARCHAR, topic VARCHAR, token_key VARCHAR,
    permission_ends_at TIMESTAMP, state VARCHAR, state_at TIMESTAMP, attempts INTEGER, reason VARCHAR, words VARCHAR, mid VARCHAR,
    trace VARCHAR, settled_by VARCHAR
);

-- name: add
-- Takes the batch of sends that is registered as audit_batch.
INSERT INTO audit_sends BY NAME FROM audit_batch;

-- name: reach
-- One row per send: what the logs tell of it. All times are NULL where they tell nothing.
-- sent_at is Meta's own time, from the echo, or the ledger's where no echo came; NULL while nobody knows that it went out.
CREATE OR REPLACE TEMP TABLE audit_reach AS
WITH echoes AS (
    SELECT s.send_id, arg_min(m.mid, m.sent_at) AS mid, min(m.sent_at) AS echo_at
    FROM audit_sends AS s JOIN messages AS m ON m.page_id = s.page_id AND m.psid = s.psid
    WHERE m.direction = 'out' AND m.sent_at >= $since AND (
        m.mid = s.mid OR try_cast(regexp_extract(m.metadata, '^clear-to-send/1 send=([0-9]+)( |$)', 1) AS BIGINT) = s.send_id
    )
    GROUP BY s.send_id
),
taken AS (
    SELECT
        s.send_id, s.page_id, s.psid, coalesce(s.mid, e.mid) AS mid, e.echo_at,
        CASE WHEN s.state = 'accepted' OR e.echo_at IS NOT NULL THEN coalesce(e.echo_at, s.state_at) END AS sent_at
    FROM audit_sends AS s LEFT JOIN echoes AS e ON e.send_id = s.send_id
),
receipted AS (
    -- A receipt covers what was sent before its watermark (a read: at it, too), and the messages that it names.
    SELECT
        t.send_id,
        min(r.occurred_at) FILTER (r.kind = 'delivery') AS delivered_at,
        min(r.occurred_at) FILTER (r.kind = 'read') AS read_at
    FROM taken AS t JOIN receipts AS r ON r.page_id = t.page_id AND r.psid = t.psid
    WHERE r.occurred_at >= $since AND t.sent_at IS NOT NULL AND (
        r.watermark_at > t.sent_at OR (r.kind = 'read' AND r.watermark_at = t.sent_at) OR coalesce(list_contains(r.mids, t.mid), false)
    )
    GROUP BY t.send_id
),
replied AS (
    SELECT t.send_id, min(e.occurred_at) AS replied_at
    FROM taken AS t JOIN events AS e ON e.page_id = t.page_id AND e.psid = t.psid
    WHERE e.kind IN ('message', 'postback') AND e.occurred_at >= $since
        AND e.occurred_at > t.sent_at AND e.occurred_at <= t.sent_at + to_days($reply_days)
    GROUP BY t.send_id
),
stopped AS (
    SELECT t.send_id, min(e.happened_at) AS stopped_at
    FROM taken AS t JOIN token_events AS e ON e.page_id = t.page_id AND e.psid = t.psid
    WHERE e.action = 'stop' AND e.happened_at > t.sent_at AND e.happened_at <= t.sent_at + to_days($reply_days)
    GROUP BY t.send_id
)
-- What was read had been delivered, whatever became of the receipt for that.
SELECT
    t.send_id, t.sent_at, t.echo_at, least(r.delivered_at, r.read_at) AS delivered_at, r.read_at, a.replied_at, x.stopped_at
FROM taken AS t
LEFT JOIN receipted AS r ON r.send_id = t.send_id
LEFT JOIN replied AS a ON a.send_id = t.send_id
LEFT JOIN stopped AS x ON x.send_id = t.send_id;
