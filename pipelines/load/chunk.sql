-- One chunk of one log file: lines in, items out, one row per item of messaging[], standby[] or changes[].

-- name: macros
-- A time as the logs give it: seconds, milliseconds or microseconds since 1970, as number or text, or ISO 8601. NULL when it is none of these.
CREATE OR REPLACE TEMP MACRO logged_time(written) AS
CASE
    WHEN try_cast(written AS DOUBLE) IS NULL
        THEN CAST(try_cast(written AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP)
    WHEN try_cast(written AS DOUBLE) BETWEEN 1 AND 4102444799
        THEN make_timestamp(CAST(try_cast(written AS DOUBLE) * 1e6 AS BIGINT))
    WHEN try_cast(written AS DOUBLE) BETWEEN 1e11 AND 4102444799e3
        THEN make_timestamp(CAST(try_cast(written AS DOUBLE) * 1e3 AS BIGINT))
    WHEN try_cast(written AS DOUBLE) BETWEEN 1e14 AND 4102444799e6
        THEN make_timestamp(CAST(try_cast(written AS DOUBLE) AS BIGINT))
END;

-- name: read_lines
-- One row per line, in the file's order; a line that is not a JSON object is a row of NULLs.
CREATE OR REPLACE TEMP TABLE chunk_lines AS
SELECT object, entry, coalesce(body, payload, message) AS wrapped
FROM read_json(
    $path, format = 'newline_delimited', ignore_errors = true, maximum_object_size = 33554432,
    columns = {
        object: 'VARCHAR',
        entry: 'STRUCT(id VARCHAR, "time" VARCHAR, messaging JSON[], standby JSON[], changes JSON[], entry_itself JSON[])[]',
        body: 'JSON', payload: 'JSON', message: 'JSON'
    }
);

-- name: use_lines
-- A log shipper's wrapper is opened here: the delivery stands inside it as an object, or as text.
CREATE OR REPLACE TEMP VIEW chunk_deliveries AS
SELECT line_row, coalesce(object, inner_delivery.object) AS object, coalesce(entry, inner_delivery.entry) AS entry
FROM (
    SELECT
        rowid AS line_row, object, entry,
        CASE WHEN entry IS NULL AND wrapped IS NOT NULL THEN
            try(from_json(
                CASE json_type(wrapped) WHEN 'VARCHAR' THEN wrapped ->> '$' ELSE wrapped END,
                '{"object":"VARCHAR","entry":[{"id":"VARCHAR","time":"VARCHAR","messaging":["JSON"],"standby":["JSON"],"changes":["JSON"],"entry_itself":["JSON"]}]}'
            ))
        END AS inner_delivery
    FROM chunk_lines
);

-- name: use_mended
-- The same, for lines that had to be put right one by one: they bring their line_row along.
CREATE OR REPLACE TEMP VIEW chunk_deliveries AS
SELECT line_row, object, entry
FROM read_json(
    getvariable('mended_path'), format = 'newline_delimited', maximum_object_size = 134217728,
    columns = {
        line_row: 'BIGINT', object: 'VARCHAR',
        entry: 'STRUCT(id VARCHAR, "time" VARCHAR, messaging JSON[], standby JSON[], changes JSON[], entry_itself JSON[])[]'
    }
);

-- name: begin_items
CREATE OR REPLACE TEMP TABLE chunk_items (
    line_row BIGINT, object VARCHAR, channel VARCHAR, page_id VARCHAR, psid VARCHAR, kind VARCHAR,
    occurred_at TIMESTAMP, received_at TIMESTAMP, mid VARCHAR, payload VARCHAR, event_id UUID, fault VARCHAR
);

-- name: take_items
INSERT INTO chunk_items
WITH entries AS (
    SELECT line_row, object, unnest(entry) AS entry FROM chunk_deliveries
),
items AS (
    SELECT line_row, object, entry.id AS entry_id, entry."time" AS entry_time, 'messaging' AS channel, unnest(entry.messaging) AS item FROM entries
    UNION ALL
    SELECT line_row, object, entry.id, entry."time", 'standby', unnest(entry.standby) FROM entries WHERE entry.standby IS NOT NULL
    UNION ALL
    SELECT line_row, object, entry.id, entry."time", 'changes', unnest(entry.changes) FROM entries WHERE entry.changes IS NOT NULL
    UNION ALL
    SELECT line_row, object, entry.id, entry."time", 'entry', unnest(entry.entry_itself) FROM entries WHERE entry.entry_itself IS NOT NULL
),
typed AS (
    SELECT
        *,
        from_json(item, '{"sender":{"id":"VARCHAR"},"recipient":{"id":"VARCHAR"},"timestamp":"VARCHAR",
            "message":{"mid":"VARCHAR","is_echo":"VARCHAR","is_deleted":"VARCHAR"},
            "postback":{"mid":"VARCHAR"},"delivery":{"mids":["VARCHAR"],"watermark":"VARCHAR"},"read":{"watermark":"VARCHAR","mid":"VARCHAR"},
            "reaction":{"mid":"VARCHAR","action":"VARCHAR"},"message_edit":{"mid":"VARCHAR","num_edit":"VARCHAR"},"optin":{"type":"VARCHAR"},
            "field":"VARCHAR",
            "value":{"timestamp":"VARCHAR","created_time":"VARCHAR","mid":"VARCHAR","recipient_id":"VARCHAR","sender":{"id":"VARCHAR"}}}') AS x
    FROM items
),
named AS (
    SELECT
        line_row, object, channel, item, x, coalesce(x.message.is_echo, '') = 'true' AS is_echo,
        nullif(trim(entry_id), '') AS entry_id, logged_time(entry_time) AS received_at,
        CASE
            WHEN channel IN ('changes', 'entry') THEN coalesce('change:' || x.field, 'unknown')
            WHEN x.message IS NOT NULL THEN CASE
                WHEN x.message.is_echo = 'true' THEN 'message_echo'
                WHEN x.message.is_deleted = 'true' THEN 'message_deleted'
                ELSE 'message'
            END
            WHEN x.delivery IS NOT NULL THEN 'delivery'
            WHEN x.read IS NOT NULL THEN 'read'
            WHEN x.optin IS NOT NULL THEN 'optin'
            WHEN x.postback IS NOT NULL THEN 'postback'
            WHEN x.reaction IS NOT NULL THEN 'reaction'
            WHEN x.message_edit IS NOT NULL THEN 'message_edit'
            -- Any other kind is named by its own key, so that a kind Meta adds tomorrow is kept under its name.
            ELSE coalesce(replace(list_filter(
                json_keys(item),
                lambda k: CASE
                    WHEN k IN ('sender', 'recipient', 'timestamp', 'messaging_type', 'notification_type', 'persona_id', 'sender_action', 'tag') THEN false
                    WHEN regexp_full_match(k, '[A-Za-z][A-Za-z0-9_-]*') THEN json_type(item, '/' || k) <> 'NULL'
                    ELSE false
                END
            )[1], '-', '_'), 'unknown')
        END AS kind
    FROM typed
),
placed AS (
    SELECT
        *,
        coalesce(entry_id, nullif(CASE WHEN is_echo THEN x.sender.id ELSE x.recipient.id END, '')) AS page_id,
        CASE
            WHEN channel = 'changes' THEN coalesce(x.value.recipient_id, x.value.sender.id, '')
            WHEN is_echo THEN coalesce(x.recipient.id, '')
            WHEN x.sender.id = entry_id THEN CASE WHEN x.recipient.id = entry_id THEN '' ELSE coalesce(x.recipient.id, '') END
            ELSE coalesce(x.sender.id, '')
        END AS psid,
        coalesce(
            logged_time(x."timestamp"),
            CASE WHEN kind = 'delivery' THEN logged_time(x.delivery.watermark) WHEN kind = 'read' THEN logged_time(x.read.watermark) END,
            CASE WHEN channel = 'changes' THEN coalesce(logged_time(x.value."timestamp"), logged_time(x.value.created_time)) END,
            received_at
        ) AS occurred_at,
        coalesce(x.message.mid, x.postback.mid, x.reaction.mid, x.message_edit.mid, x.read.mid, x.value.mid) AS mid
    FROM named
)
SELECT
    line_row, object, channel, page_id, psid, kind, occurred_at, received_at, mid, item,
    -- What makes two deliveries the same fact (platform facts 5.4). Everything without a key of its own is told apart by its whole text.
    CAST(md5(CASE
        WHEN mid IS NOT NULL AND kind IN ('message', 'message_echo', 'message_deleted', 'postback') THEN concat_ws(chr(31), kind, page_id, mid)
        WHEN kind = 'delivery' THEN concat_ws(chr(31), kind, page_id, psid, x.delivery.watermark, array_to_string(list_sort(coalesce(x.delivery.mids, [])), ' '))
        WHEN kind = 'read' THEN concat_ws(chr(31), kind, page_id, psid, coalesce(x.read.watermark, x.read.mid, x."timestamp"))
        WHEN kind = 'reaction' THEN concat_ws(chr(31), kind, page_id, psid, mid, x.reaction.action, x."timestamp")
        WHEN kind = 'message_edit' THEN concat_ws(chr(31), kind, page_id, mid, x.message_edit.num_edit)
        ELSE concat_ws(chr(31), kind, page_id, psid, CAST(occurred_at AS VARCHAR), item)
    END) AS UUID),
    CASE
        WHEN NOT starts_with(item, '{') THEN 'is not an object'
        WHEN page_id IS NULL THEN 'names no Page: neither entry.id nor recipient.id is there'
        WHEN mid IS NULL AND kind IN ('message', 'postback', 'reaction', 'message_edit') AND json_type(item, '/' || kind) <> 'OBJECT' THEN kind || ' is not an object'
        WHEN kind IN ('optin', 'delivery', 'read') AND json_type(item, '/' || kind) <> 'OBJECT' THEN kind || ' is not an object'
    END
FROM placed;

-- name: count_rows
SELECT count(*) FROM chunk_lines;

-- name: point_at_mended
SET VARIABLE mended_path = $path;

-- name: find_odd
-- Lines that the fast way could not read in full: no item at all, an entry without lists, or an item with a fault.
-- Their text is looked at one by one. $rows: lines found odd before parsing.
CREATE OR REPLACE TEMP TABLE chunk_odd AS
SELECT rowid AS line_row FROM chunk_lines WHERE rowid NOT IN (SELECT line_row FROM chunk_items)
UNION
SELECT line_row FROM chunk_items WHERE fault IS NOT NULL
UNION
SELECT line_row FROM (SELECT rowid AS line_row, unnest(entry) AS entry FROM chunk_lines)
WHERE entry.messaging IS NULL AND entry.standby IS NULL AND entry.changes IS NULL
UNION
SELECT unnest($rows);

-- name: odd_rows
SELECT line_row FROM chunk_odd ORDER BY line_row;

-- name: drop_odd
DELETE FROM chunk_items WHERE line_row IN (SELECT line_row FROM chunk_odd);

-- name: faults
SELECT line_row, fault FROM chunk_items WHERE fault IS NOT NULL ORDER BY line_row, rowid;
