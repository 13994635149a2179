-- The same log by hand: a typed table with one row per event of messaging[], and nothing else. $files are its paths.
CREATE TABLE events AS
WITH deliveries AS (
    SELECT object, unnest(entry) AS entry
    FROM read_json($files, format = 'newline_delimited', ignore_errors = true, columns = {
        object: 'VARCHAR',
        entry: 'STRUCT(id VARCHAR, "time" BIGINT, messaging STRUCT(
            sender STRUCT(id VARCHAR), recipient STRUCT(id VARCHAR), "timestamp" BIGINT,
            message STRUCT(mid VARCHAR, "text" VARCHAR, is_echo BOOLEAN, app_id BIGINT, metadata VARCHAR,
                quick_reply STRUCT(payload VARCHAR), reply_to STRUCT(mid VARCHAR)),
            delivery STRUCT(mids VARCHAR[], watermark BIGINT),
            "read" STRUCT(watermark BIGINT),
            optin STRUCT("type" VARCHAR, title VARCHAR, payload VARCHAR, one_time_notif_token VARCHAR,
                notification_messages_token VARCHAR, notification_messages_timezone VARCHAR, token_expiry_timestamp BIGINT),
            postback STRUCT(mid VARCHAR, title VARCHAR, payload VARCHAR),
            reaction STRUCT(mid VARCHAR, action VARCHAR, reaction VARCHAR, emoji VARCHAR),
            referral STRUCT("ref" VARCHAR, source VARCHAR, "type" VARCHAR)
        )[])[]'
    })
),
items AS (
    SELECT object, entry.id AS page_id, entry."time" AS received_at, unnest(entry.messaging) AS item FROM deliveries
)
SELECT object, page_id, received_at, unnest(item) FROM items;
