-- One chunk of one log file: lines in, one row per item of messaging[], standby[] or changes[] in chunk_events out.
-- A chunk comes in four parts that are parsed side by side; within its part a line is numbered as it is read.

-- name: macros
-- A time as the logs give it: seconds, milliseconds or microseconds since 1970, or ISO 8601. NULL when it is none of these.
CREATE OR REPLACE TEMP MACRO logged_time(written) AS
CASE
    WHEN try_cast(written AS DOUBLE) BETWEEN 1e11 AND 4102444799e3 THEN make_timestamp(CAST(try_cast(written AS DOUBLE) * 1e3 AS BIGINT))
    WHEN try_cast(written AS DOUBLE) BETWEEN 1 AND 4102444799 THEN make_timestamp(CAST(try_cast(written AS DOUBLE) * 1e6 AS BIGINT))
    WHEN try_cast(written AS DOUBLE) BETWEEN 1e14 AND 4102444799e6 THEN make_timestamp(CAST(try_cast(written AS DOUBLE) AS BIGINT))
    WHEN written LIKE '____-__-__%' THEN CAST(try_cast(written AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP)
END;

-- Deliveries as rows with the columns of events, one per item, and what is wrong with it. A line or entry that is not plainly
-- one list of items gives a row with a fault: it needs a second look. $deliveries names a view of (source_line, delivery, envelopes).
CREATE OR REPLACE TEMP MACRO events_of(deliveries) AS TABLE
WITH entries AS (
    -- The list of one beside the entries keeps a row for a line that holds none.
    SELECT source_line, delivery.object AS object, unnest(delivery.entry) AS e, unnest(envelopes) AS envelope, unnest([true]) AS is_first
    FROM query_table(deliveries)
),
lanes AS (
    -- An entry holds one of the four lists, so side by side the other three are NULL.
    SELECT
        source_line, object, envelope, nullif(trim(e.id), '') AS entry_id, e."time" AS entry_time,
        CASE WHEN e.messaging IS NOT NULL THEN 'messaging' WHEN e.standby IS NOT NULL THEN 'standby' WHEN e.changes IS NOT NULL THEN 'changes' ELSE 'entry' END AS channel,
        CAST(e.messaging IS NULL AS INT) + CAST(e.standby IS NULL AS INT) + CAST(e.changes IS NULL AS INT) + CAST(e.entry_itself IS NULL AS INT) = 3 AS is_plain,
        unnest(e.messaging) AS of_messaging, unnest(e.standby) AS of_standby, unnest(e.changes) AS of_changes, unnest(e.entry_itself) AS of_entry,
        unnest([true]) AS is_first_item
    FROM entries
),
items AS (
    SELECT
        source_line, object, envelope, entry_id, entry_time, channel,
        CASE WHEN is_plain THEN coalesce(of_messaging, of_standby, of_changes, of_entry) END AS item
    FROM lanes
),
typed AS (
    SELECT
        *,
        from_json(item, '{"sender":{"id":"VARCHAR"},"recipient":{"id":"VARCHAR"},"timestamp":"VARCHAR",
            "message":{"mid":"VARCHAR","is_echo":"VARCHAR","is_deleted":"VARCHAR","metadata":"VARCHAR"},
            "postback":{"mid":"VARCHAR"},"delivery":{"mids":["VARCHAR"],"watermark":"VARCHAR"},"read":{"watermark":"VARCHAR","mid":"VARCHAR"},
            "reaction":{"mid":"VARCHAR","action":"VARCHAR"},"message_edit":{"mid":"VARCHAR","num_edit":"VARCHAR"},"optin":{"type":"VARCHAR"},
            "field":"VARCHAR",
            "value":{"timestamp":"VARCHAR","created_time":"VARCHAR","mid":"VARCHAR","recipient_id":"VARCHAR","sender":{"id":"VARCHAR"}}}') AS x
    FROM items
),
named AS (
    SELECT
        *, coalesce(x.message.is_echo = 'true', false) AS is_echo, logged_time(entry_time) AS received_at,
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
            CASE kind WHEN 'delivery' THEN logged_time(x.delivery.watermark) WHEN 'read' THEN logged_time(x.read.watermark) END,
            CASE WHEN channel = 'changes' THEN coalesce(logged_time(x.value."timestamp"), logged_time(x.value.created_time)) END,
            received_at
        ) AS occurred_at,
        coalesce(x.message.mid, x.postback.mid, x.reaction.mid, x.message_edit.mid, x.read.mid, x.value.mid) AS mid
    FROM named
)
SELECT
    -- What makes two deliveries the same fact (platform facts 5.4): its own key and its moment. Everything without a key of its
    -- own is told apart by its whole text.
    CAST(md5_number(concat_ws(chr(31), epoch_us(occurred_at), kind, page_id, CASE
        WHEN mid IS NOT NULL AND kind IN ('message', 'message_echo', 'message_deleted', 'postback') THEN mid
        WHEN kind = 'delivery' THEN concat_ws(chr(31), psid, x.delivery.watermark,
            CASE WHEN len(x.delivery.mids) > 1 THEN array_to_string(list_sort(x.delivery.mids), ' ') ELSE x.delivery.mids[1] END)
        WHEN kind = 'read' THEN concat_ws(chr(31), psid, coalesce(x.read.watermark, x.read.mid))
        WHEN kind = 'reaction' THEN concat_ws(chr(31), psid, mid, x.reaction.action)
        WHEN kind = 'message_edit' THEN concat_ws(chr(31), mid, x.message_edit.num_edit)
        ELSE concat_ws(chr(31), psid, item)
    END)) AS UUID) AS event_id,
    page_id, psid, kind, occurred_at, item AS payload, source_line, object, channel, received_at, x.message.metadata AS metadata, envelope,
    CASE
        WHEN item IS NULL THEN 'holds no event'
        WHEN NOT starts_with(item, '{') THEN 'holds an item that is not an object'
        WHEN page_id IS NULL THEN 'holds an event that names no Page: neither entry.id nor recipient.id is there'
        -- Only where nothing of the body was found is it worth asking what it is.
        WHEN mid IS NULL AND CASE kind
            WHEN 'delivery' THEN x.delivery.watermark IS NULL WHEN 'read' THEN x.read.watermark IS NULL WHEN 'optin' THEN x.optin.type IS NULL
            ELSE kind IN ('message', 'postback', 'reaction', 'message_edit')
        END THEN CASE WHEN json_type(item, '/' || kind) <> 'OBJECT' THEN 'holds an event whose ' || kind || ' is not an object' END
    END AS fault
FROM placed;

-- name: part_views
-- Each entry with what its envelope holds besides the fields that are known: {"wrapper", "delivery", "entry"}, NULL where there is nothing.
CREATE OR REPLACE TEMP MACRO others(written) AS nullif(CAST(written AS VARCHAR), '{}')::JSON;
CREATE OR REPLACE TEMP MACRO envelopes_of(entries, wrapper, delivery) AS list_transform(
    list_transform(
        from_json(entries, '["JSON"]'),
        lambda e: others(json_merge_patch(e, '{"id":null,"time":null,"messaging":null,"standby":null,"changes":null}'))
    ),
    lambda o: CASE WHEN coalesce(wrapper, delivery, o) IS NOT NULL THEN json_object('wrapper', wrapper, 'delivery', delivery, 'entry', o) END
);
-- One row per line of a part, numbered. A line that is no JSON object is a row of NULLs.
-- A log shipper's wrapper is opened here: the delivery stands inside it as an object, or as text. Only an envelope that has
-- other keys than the usual ones is taken apart.
CREATE OR REPLACE TEMP MACRO deliveries_in(part_path, lines_before) AS TABLE
WITH lines AS (
    SELECT lines_before + row_number() OVER () AS source_line, line, json_keys(line, ['$', '$.entry[0]']) AS keys
    FROM read_json(
        part_path, format = 'newline_delimited', records = false, ignore_errors = true, maximum_object_size = 33554432,
        columns = {line: 'JSON'}
    )
),
opened AS (
    SELECT *, CASE WHEN NOT list_contains(keys[1], 'entry') THEN list_filter(['body', 'payload', 'message'], lambda k: list_contains(keys[1], k))[1] END AS wrapped_in
    FROM lines
),
unwrapped AS (
    SELECT
        *,
        CASE
            WHEN wrapped_in IS NULL THEN line
            WHEN json_type(line, '/' || wrapped_in) = 'VARCHAR' THEN try_cast(line ->> ('$.' || wrapped_in) AS JSON)
            ELSE line -> ('$.' || wrapped_in)
        END AS body
    FROM opened
),
parsed AS (
    SELECT
        *,
        from_json(
            body, '{"object":"VARCHAR","entry":[{"id":"VARCHAR","time":"VARCHAR","messaging":["JSON"],"standby":["JSON"],"changes":["JSON"],"entry_itself":["JSON"]}]}'
        ) AS delivery
    FROM unwrapped
)
SELECT
    source_line, delivery,
    CASE WHEN wrapped_in IS NOT NULL OR len(delivery.entry) <> 1
        OR len(keys[1]) <> 1 + CAST(delivery.object IS NOT NULL AS INT)
        OR len(keys[2]) <> 1 + CAST(delivery.entry[1].id IS NOT NULL AS INT) + CAST(delivery.entry[1]."time" IS NOT NULL AS INT)
    THEN envelopes_of(
        body -> '$.entry',
        CASE WHEN wrapped_in IS NOT NULL THEN others(json_merge_patch(line, json_object(wrapped_in, NULL))) END,
        others(json_merge_patch(body, '{"object":null,"entry":null}'))
    ) END AS envelopes
FROM parsed;
CREATE OR REPLACE TEMP VIEW part_0 AS FROM deliveries_in(getvariable('parts').paths[1], getvariable('parts').lines_before[1]);
CREATE OR REPLACE TEMP VIEW part_1 AS FROM deliveries_in(getvariable('parts').paths[2], getvariable('parts').lines_before[2]);
CREATE OR REPLACE TEMP VIEW part_2 AS FROM deliveries_in(getvariable('parts').paths[3], getvariable('parts').lines_before[3]);
CREATE OR REPLACE TEMP VIEW part_3 AS FROM deliveries_in(getvariable('parts').paths[4], getvariable('parts').lines_before[4]);

-- name: mended_view
-- Lines that were put right one by one: they bring their number along.
CREATE OR REPLACE TEMP VIEW mended AS
SELECT source_line, struct_pack(object := object, entry := entry) AS delivery, list_transform(entry, lambda e: e.envelope) AS envelopes
FROM read_json(
    getvariable('mended_path'), format = 'newline_delimited', maximum_object_size = 134217728,
    columns = {
        source_line: 'BIGINT', object: 'VARCHAR',
        entry: 'STRUCT(id VARCHAR, "time" VARCHAR, messaging JSON[], standby JSON[], changes JSON[], entry_itself JSON[], envelope JSON)[]'
    }
);

-- name: point_at_parts
SET VARIABLE parts = {'paths': $paths, 'lines_before': $lines_before};

-- name: point_at_mended
SET VARIABLE mended_path = $path;

-- name: take_parts
CREATE OR REPLACE TEMP TABLE chunk_events AS
FROM events_of('part_0') UNION ALL FROM events_of('part_1') UNION ALL FROM events_of('part_2') UNION ALL FROM events_of('part_3');

-- name: take_small
-- A chunk that is not worth four plans stands in its last part.
CREATE OR REPLACE TEMP TABLE chunk_events AS FROM events_of('part_3');

-- name: count_lines
SELECT count(DISTINCT source_line) FROM chunk_events;

-- name: odd_lines
-- Lines that the fast way could not read in full. Their text is looked at one by one. $lines: those found odd before parsing.
SELECT DISTINCT source_line FROM chunk_events WHERE fault IS NOT NULL
UNION
SELECT unnest($lines)
ORDER BY source_line;

-- name: drop_odd
DELETE FROM chunk_events WHERE source_line IN (SELECT unnest($lines));

-- name: take_mended
CREATE OR REPLACE TEMP TABLE chunk_mended AS FROM events_of('mended');

-- name: mended_faults
SELECT DISTINCT source_line, fault FROM chunk_mended WHERE fault IS NOT NULL ORDER BY source_line, fault;

-- name: keep_mended
INSERT INTO chunk_events SELECT * FROM chunk_mended WHERE fault IS NULL;
