-- The tables that loading and the models fill. Every TIMESTAMP is UTC; ids are text. All of it can be deleted and loaded again.

-- One row per distinct event; batch is the load chunk that brought it. psid is '' where the event is about no person; occurred_at is NULL where the log gives no time.
-- envelope holds what stood beside the event under keys that are not known: {"wrapper", "delivery", "entry"}; NULL where nothing did.
CREATE TABLE events (
    event_id UUID, page_id VARCHAR, psid VARCHAR, kind VARCHAR, occurred_at TIMESTAMP,
    mid VARCHAR GENERATED ALWAYS AS (CASE
        WHEN kind IN ('message', 'message_echo', 'message_deleted') THEN payload ->> '$.message.mid'
        WHEN kind = 'postback' THEN payload ->> '$.postback.mid'
        WHEN kind = 'reaction' THEN payload ->> '$.reaction.mid'
        WHEN kind = 'message_edit' THEN payload ->> '$.message_edit.mid'
        WHEN kind = 'read' THEN payload ->> '$.read.mid'
        WHEN starts_with(kind, 'change:') THEN payload ->> '$.value.mid'
    END) VIRTUAL,
    payload JSON USING COMPRESSION zstd, source_file VARCHAR, source_line BIGINT,
    object VARCHAR, channel VARCHAR, received_at TIMESTAMP, metadata VARCHAR, envelope JSON, batch BIGINT
);

-- One row per line, or item of a line, that is not an event.
CREATE TABLE rejects (source_file VARCHAR, source_line BIGINT, reason VARCHAR, line VARCHAR);

-- One row per log file. lines = event_lines + duplicate_lines + reject_lines; blank lines are none.
CREATE TABLE sources (
    source_file VARCHAR PRIMARY KEY, bytes_loaded BIGINT, lines BIGINT, event_lines BIGINT, duplicate_lines BIGINT, reject_lines BIGINT,
    events BIGINT, duplicates BIGINT, first_event_at TIMESTAMP, last_event_at TIMESTAMP, first_loaded_at TIMESTAMP, last_loaded_at TIMESTAMP,
    physical_lines BIGINT, head_bytes BIGINT, head_hash VARCHAR, file_bytes BIGINT, has_torn_tail BOOLEAN,
    CHECK (lines = event_lines + duplicate_lines + reject_lines)
);

-- One row: what this warehouse was made by, and the moment that tokens.state holds for.
CREATE TABLE warehouse_state (
    schema_version INTEGER, rules_hash VARCHAR, hash_probe UBIGINT, version BIGINT, as_of TIMESTAMP, loaded_at TIMESTAMP
);

-- One row per (hour, page_id, kind). Lag is Meta's own: from the event to its delivery. hour is NULL for events without a time.
CREATE TABLE event_hourly (
    hour TIMESTAMP, page_id VARCHAR, kind VARCHAR,
    count_events BIGINT, sum_delivery_lag_ms BIGINT, count_lagged BIGINT, count_late BIGINT
);

-- One row per (page_id, psid) seen in any event.
CREATE TABLE contacts (page_id VARCHAR, psid VARCHAR, first_seen_at TIMESTAMP, contact_key UBIGINT);

-- One row per unbroken stretch in which a person's standard window was open: [opened_at, closes_at).
CREATE TABLE windows (
    page_id VARCHAR, psid VARCHAR, opened_at TIMESTAMP, closes_at TIMESTAMP, opened_by VARCHAR, contact_key UBIGINT
);

-- One row per event that gives, renews, stops, resumes or spends a token. token_key is the md5 of the token.
CREATE TABLE token_events (
    event_id UUID, page_id VARCHAR, token_key UUID, token VARCHAR, kind VARCHAR, psid VARCHAR, action VARCHAR, happened_at TIMESTAMP,
    topic VARCHAR, expires_at TIMESTAMP, effective_expires_at TIMESTAMP, region VARCHAR
);

-- One row per (page_id, token).
CREATE TABLE tokens (
    token VARCHAR, kind VARCHAR, page_id VARCHAR, psid VARCHAR, topic VARCHAR, opted_in_at TIMESTAMP,
    expires_at TIMESTAMP, effective_expires_at TIMESTAMP, state VARCHAR, spent_at TIMESTAMP, revoked_at TIMESTAMP,
    region VARCHAR, event_id UUID, token_key UUID
);

-- One row per stretch of time that one token spends in one state: [from_at, to_at). Future stretches stand here too.
-- ends_at is the effective expiry as it was known in that stretch: a renewal begins another one.
CREATE TABLE token_spans (
    token_key UUID, page_id VARCHAR, kind VARCHAR, topic VARCHAR, contact_key UBIGINT, state VARCHAR, from_at TIMESTAMP, to_at TIMESTAMP,
    opted_in_at TIMESTAMP, ends_at TIMESTAMP
);

-- One row per unbroken stretch in which a person held at least one available token: [from_at, to_at).
CREATE TABLE held_spans (page_id VARCHAR, contact_key UBIGINT, from_at TIMESTAMP, to_at TIMESTAMP);

-- One row per (day, page_id, kind, topic, state) in which a token entered or left that state.
CREATE TABLE token_daily (
    day DATE, page_id VARCHAR, kind VARCHAR, topic VARCHAR, state VARCHAR, count_entered BIGINT, count_left BIGINT
);

-- One row per message or echo.
CREATE VIEW messages AS
SELECT
    page_id, psid, mid, CASE kind WHEN 'message_echo' THEN 'out' ELSE 'in' END AS direction, occurred_at AS sent_at,
    payload ->> '$.message.text' AS text, payload ->> '$.message.app_id' AS app_id, metadata,
    channel, event_id
FROM events
WHERE kind IN ('message', 'message_echo');

-- One row per delivery or read event. Everything sent before (read: at or before) watermark_at is delivered (read).
CREATE VIEW receipts AS
SELECT
    page_id, psid, kind,
    try(make_timestamp(1000 * try_cast(coalesce(payload ->> '$.delivery.watermark', payload ->> '$.read.watermark') AS BIGINT))) AS watermark_at,
    try(from_json(payload -> '$.delivery.mids', '["VARCHAR"]')) AS mids,
    occurred_at, event_id
FROM events
WHERE kind IN ('delivery', 'read');

-- One row per enforcement event. The key has been written with a hyphen and with an underscore.
CREATE VIEW policy_events AS
SELECT
    page_id,
    coalesce(payload ->> '$.policy_enforcement.action', payload ->> '$."policy-enforcement".action') AS action,
    coalesce(payload ->> '$.policy_enforcement.reason', payload ->> '$."policy-enforcement".reason') AS reason,
    occurred_at, event_id
FROM events
WHERE kind = 'policy_enforcement';
