-- One view per kind of event in a conversation, one row per POST: `items` goes inside the entry's array.
CREATE OR REPLACE TEMP VIEW questions AS
SELECT session_no * 1000 + nth * 20 AS tie, asked_ms AS occurred_ms, object, account, channel, 1 AS count_events,
    from_person(psid, account, asked_ms, CASE
        WHEN question IN ('start', 'menu') THEN postback_body(asked_mid, t.text, if(is_by_hand, NULL, t.payload),
            if(question = 'start' AND chance(exchange_no, 'from link', rate('new_from_link')),
                link_body(ref_of(session_no, refs)), NULL))
        ELSE concat('"message":{"mid":"', asked_mid, '",', CASE question
            WHEN 'quick' THEN concat(text_body(t.text), ',"quick_reply":{"payload":"', t.payload, '"}')
            WHEN 'photo' THEN photo_body(exchange_no)
            WHEN 'sticker' THEN sticker_body(asked_ms)
            ELSE text_body(concat(t.text, tail.text)) END,
            if(nth > 0 AND chance(exchange_no, 'reply to', rate('reply_to')),
                concat(',"reply_to":{"mid":"', mid_of(exchange_no - 1, 'out'), '","is_self_reply":false}'), ''),
            '}', if(nth = 0 AND opener = 'ad', concat(',', advert_body(advert_of(session_no, adverts))), ''))
        END) AS items
FROM exchanges AS e
JOIN adverts USING (page_no)
JOIN text_slots AS t ON t.page_no = e.page_no AND t.language = e.language AND t.role = question AND t.slot = e.slot
JOIN text_slots AS tail ON tail.page_no = e.page_no AND tail.language = e.language AND tail.role = 'tail'
    AND tail.slot = pick(exchange_no, 'tail', 2048);

CREATE OR REPLACE TEMP VIEW answers AS
SELECT session_no * 1000 + nth * 20 + 1, answered_ms, object, account, channel, 1,
    from_page(account, psid, answered_ms, if(is_by_hand, setting('inbox_app_id'), setting('app_id')), '', answered_mid,
        text_body(if(is_by_hand, t.text, t.reply)))
FROM exchanges AS e
JOIN text_slots AS t ON t.page_no = e.page_no AND t.language = e.language
    AND t.role = if(is_by_hand, 'human', question) AND t.slot = e.slot;

CREATE OR REPLACE TEMP VIEW deliveries AS
SELECT session_no * 1000 + nth * 20 + 2, delivered_ms, object, account, channel, 1,
    from_person(psid, account, delivered_ms, delivery_body(answered_mid, answered_ms))
FROM exchanges WHERE delivered_ms IS NOT NULL AND NOT is_packed;

CREATE OR REPLACE TEMP VIEW reads AS
SELECT session_no * 1000 + nth * 20 + 3, read_ms, object, account, channel, 1,
    from_person(psid, account, read_ms,
        if(is_instagram, concat('"read":{"mid":"', answered_mid, '"}'), read_body(answered_ms)))
FROM exchanges WHERE read_ms IS NOT NULL AND NOT is_packed;

-- Delivery and read in one POST: as two items of one entry, or as two entries.
CREATE OR REPLACE TEMP VIEW packs AS
SELECT session_no * 1000 + nth * 20 + 4, read_ms, object, account, channel, 2, concat(
    from_person(psid, account, delivered_ms, delivery_body(answered_mid, answered_ms)),
    if(exchange_no % 3 = 0, concat(']},{"id":"', account, '","time":', read_ms + 40, ',"', channel, '":['), ','),
    from_person(psid, account, read_ms, read_body(answered_ms)))
FROM exchanges WHERE is_packed;

CREATE OR REPLACE TEMP VIEW reactions AS
WITH reacted AS (
    SELECT *, read_ms + 900 + pick(exchange_no, 'reacted', 15000) AS reacted_ms
    FROM exchanges WHERE read_ms IS NOT NULL AND NOT is_by_hand AND chance(exchange_no, 'reaction', rate('reaction'))
), acts AS (
    SELECT *, 5 AS kind, 'react' AS act, reacted_ms AS acted_ms FROM reacted
    UNION ALL
    SELECT *, 6, 'unreact', reacted_ms + 4000 FROM reacted WHERE chance(exchange_no, 'unreact', rate('unreact'))
)
SELECT session_no * 1000 + nth * 20 + kind, acted_ms, object, account, channel, 1,
    from_person(psid, account, acted_ms, reaction_body(reaction_of(exchange_no), act, answered_mid))
FROM acts;

CREATE OR REPLACE TEMP VIEW edits AS
SELECT session_no * 1000 + nth * 20 + 7, edited_ms, object, account, channel, 1,
    from_person(psid, account, edited_ms,
        concat('"message_edit":{"mid":"', asked_mid, '",', text_body(t.text), ',"num_edit":1}'))
FROM (SELECT *, answered_ms + 1000 + pick(exchange_no, 'edited', 9000) AS edited_ms FROM exchanges) AS e
JOIN text_slots AS t ON t.page_no = e.page_no AND t.language = e.language AND t.role = question AND t.slot = e.slot
WHERE question IN ('ask', 'follow') AND NOT is_by_hand AND chance(exchange_no, 'edit', rate('edit'));

-- An m.me link, or an advert, that leads back into a conversation.
CREATE OR REPLACE TEMP VIEW referrals AS
SELECT session_no * 1000 + 8, started_ms - 2500, object, account, 'messaging', 1,
    from_person(psid, account, started_ms - 2500,
        if(opener = 'link', link_body(ref_of(session_no, refs)), advert_body(advert_of(session_no, adverts))))
FROM sessions JOIN adverts USING (page_no)
WHERE opener = 'link' OR (opener = 'ad' AND NOT is_new);

CREATE OR REPLACE TEMP VIEW handovers AS
SELECT session_no * 1000 + 9, answered_ms + 400, object, account, 'messaging', 1,
    from_person(psid, account, answered_ms + 400,
        concat('"pass_thread_control":{"new_owner_app_id":"', setting('inbox_app_id'), '","previous_owner_app_id":"',
            setting('app_id'), '","metadata":"asked for a person"}'))
FROM exchanges WHERE is_handed_over AND nth = 0;

CREATE OR REPLACE TEMP VIEW comments AS
SELECT session_no * 1000 + 10, started_ms - 20000, 'page', account, 'changes', 1,
    concat('{"field":"feed","value":{"from":{"id":"', psid, '"},"post_id":"', account, '_', post_no,
        '","comment_id":"', post_no, '_', draw(session_no, 'comment'), '","created_time":', started_ms // 1000 - 20,
        ',"item":"comment","parent_id":"', account, '_', post_no, '","message":"', t.text, '","verb":"add"}}')
FROM (SELECT *, 122100000000000 + draw(day_no, 'post') AS post_no FROM sessions) AS s
JOIN text_slots AS t ON t.page_no = s.page_no AND t.language = s.language AND t.role = 'comment'
    AND t.slot = pick(session_no, 'comment text', 2048)
WHERE NOT is_instagram AND chance(session_no, 'comment', rate('comment'));
