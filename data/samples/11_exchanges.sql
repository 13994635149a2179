-- One row per question and its answer: when each was sent, delivered and read. An exchange ends before the next begins.
CREATE OR REPLACE TEMP TABLE exchanges AS
WITH asked AS (
    SELECT s.*, nth, session_no * 8 + nth AS exchange_no, nth = count_exchanges - 1 AS is_last,
        started_ms + nth * stride_ms + pick(exchange_no, 'asked', stride_ms // 4) AS asked_ms,
        -- Nobody but the owner of a conversation gets it as `messaging`.
        is_handed_over AND nth > 0 AS is_by_hand, if(is_by_hand, 'standby', 'messaging') AS channel,
        CASE
            WHEN nth = 0 AND opener IN ('start', 'menu') THEN opener
            WHEN nth > 0 AND NOT is_instagram AND chance(exchange_no, 'menu', rate('menu')) THEN 'menu'
            WHEN nth > 0 AND chance(exchange_no, 'quick', rate('quick_reply')) THEN 'quick'
            WHEN chance(exchange_no, 'photo', rate('photo')) THEN 'photo'
            WHEN nth > 0 AND chance(exchange_no, 'sticker', rate('sticker')) THEN 'sticker'
            WHEN nth = 0 THEN 'ask' ELSE 'follow' END AS question,
        pick(session_no, 'ware', 16) + 16 * pick(exchange_no, 'line', 128) AS slot
    FROM sessions AS s, range(count_exchanges) AS turns(nth)
), answered AS (
    SELECT *, asked_ms + if(is_by_hand, 9000 + pick(exchange_no, 'answered', stride_ms // 3),
            700 + pick(exchange_no, 'answered', 2600)) AS answered_ms
    FROM asked
), delivered AS (
    SELECT *, mid_of(exchange_no, 'in') AS asked_mid, mid_of(exchange_no, 'out') AS answered_mid,
        if(NOT is_instagram AND chance(exchange_no, 'delivered', rate('delivered')),
            answered_ms + 180 + pick(exchange_no, 'delivery', 1600), NULL) AS delivered_ms,
        unit(exchange_no, 'read') AS reading
    FROM answered
), read AS (
    SELECT *, answered_ms + 1900 + CASE
        WHEN NOT is_last AND reading < rate('read') THEN pick(exchange_no, 'reading', stride_ms // 6)
        WHEN is_last AND reading < rate('read_last') THEN pick(exchange_no, 'reading', 60000)
        WHEN is_last AND reading < rate('read_last') + rate('read_later')
            THEN 60000 + (squared(unit(exchange_no, 'reading')) * 54000000)::BIGINT END AS read_ms
    FROM delivered
)
SELECT *, coalesce(delivered_ms IS NOT NULL AND read_ms < delivered_ms + 60000
        AND chance(exchange_no, 'packed', rate('packed')), false) AS is_packed
FROM read;
