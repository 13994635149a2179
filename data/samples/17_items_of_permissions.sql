-- One view per kind of event about a permission, one row per POST: requests, opt-ins, past campaigns, follow-ups, enforcement.
CREATE OR REPLACE TEMP VIEW requests_shown AS
SELECT session_no * 1000 + 11, shown_ms, 'page', account, 'messaging', 1,
    from_page(account, psid, shown_ms, setting('app_id'), '', mid_of(session_no, 'request'),
        request_body(a.title, a.topic))
FROM requests JOIN alerts AS a USING (topic_no);

CREATE OR REPLACE TEMP VIEW optins AS
SELECT session_no * 1000 + 12, opted_in_ms, 'page', account, 'messaging', 1,
    from_person(psid, account, opted_in_ms, one_time_body(a.topic, token))
FROM requests JOIN alerts AS a USING (topic_no) WHERE is_opted_in;

CREATE OR REPLACE TEMP VIEW confirmations AS
SELECT session_no * 1000 + 13, opted_in_ms + 1500, 'page', account, 'messaging', 1,
    from_page(account, psid, opted_in_ms + 1500, setting('app_id'), '', mid_of(session_no, 'confirmation'),
        text_body(t.text))
FROM requests AS r
JOIN text_slots AS t ON t.page_no = r.page_no AND t.language = r.language AND t.role = 'confirm'
    AND t.slot = pick(session_no, 'confirmation text', 2048)
WHERE is_opted_in AND chance(session_no, 'confirmed', rate('confirmed'));

CREATE OR REPLACE TEMP VIEW subscriptions_given AS
SELECT optin_no * 1000 + 14, opted_in_ms, 'page', account, 'messaging', 1,
    from_person(psid, account, opted_in_ms,
        marketing_body(offer.title, offer.payload, token, zone, expires_ms, user_status, NULL::VARCHAR))
FROM subscribed;

CREATE OR REPLACE TEMP VIEW subscriptions_changed AS
SELECT 1000000000000000 + optin_no * 20 + nth, changed_ms, 'page', account, 'messaging', 1,
    from_person(psid, account, changed_ms,
        marketing_body(title, payload, token, zone, expires_ms, user_status, status))
FROM changes WHERE is_due(changed_ms);

CREATE OR REPLACE TEMP VIEW send_echoes AS
SELECT tie, sent_ms, 'page', account, 'messaging', 1,
    from_page(account, psid, sent_ms, setting('app_id'),
        concat('"metadata":"clear-to-send\/1 send=', campaign_no, '-', optin_no, ' lane=otn token=', md5(token), '",'),
        mid, text_body(a.lines[1 + campaign_no % len(a.lines)]))
FROM sent JOIN alerts AS a USING (topic_no);

CREATE OR REPLACE TEMP VIEW send_outcomes AS
SELECT tie + 1, delivered_ms, 'page', account, 'messaging', 1,
    from_person(psid, account, delivered_ms, delivery_body(mid, sent_ms))
FROM sent WHERE delivered_ms IS NOT NULL
UNION ALL
SELECT tie + 2, read_ms, 'page', account, 'messaging', 1, from_person(psid, account, read_ms, read_body(sent_ms))
FROM sent WHERE read_ms IS NOT NULL
UNION ALL
SELECT tie + 3, clicked_ms, 'page', account, 'messaging', 1, from_person(psid, account, clicked_ms,
    postback_body(mid_of(optin_no, 'click'), a.button, concat('OPEN_', a.topic), NULL::VARCHAR))
FROM sent JOIN alerts AS a USING (topic_no) WHERE clicked_ms IS NOT NULL
UNION ALL
SELECT tie + 4, clicked_ms + 1300, 'page', account, 'messaging', 1,
    from_page(account, psid, clicked_ms + 1300, setting('app_id'), '', mid_of(optin_no, 'reply'), text_body(t.reply))
FROM sent AS s
JOIN text_slots AS t ON t.page_no = s.page_no AND t.language = s.language AND t.role = 'clicked'
    AND t.slot = pick(optin_no, 'reply text', 2048)
WHERE clicked_ms IS NOT NULL;

CREATE OR REPLACE TEMP VIEW follow_up_echoes AS
SELECT session_no * 1000 + 600 + follow_up_no, sent_ms, 'page', account, 'messaging', 1,
    from_page(account, psid, sent_ms, setting('app_id'),
        if(lane = '', '', concat('"metadata":"clear-to-send\/1 send=f', follow_up_no, '-', session_no, ' lane=', lane, '",')),
        mid_of(session_no * 100 + follow_up_no, 'follow-up'), text_body(if(language = 'zh', zh, en)))
FROM (SELECT s.*, f.*, ended_ms + f.hours * 3600000 + pick(session_no, 'follow-up', 7200000) AS sent_ms
    FROM sessions AS s JOIN follow_ups AS f USING (page_no)
    WHERE NOT is_instagram AND started_ms >= moment_ms(f."from") AND started_ms < moment_ms(f."to")
        AND chance(session_no * 100 + follow_up_no, 'follow-up', f.share));

CREATE OR REPLACE TEMP VIEW policy_enforcements AS
SELECT 3000000000000000 + enforcement_no, moment_ms("when"), 'page', p.id, 'messaging', 1,
    concat('{"recipient":{"id":"', p.id, '"},"timestamp":', moment_ms("when"),
        ',"policy_enforcement":{"action":"', action, '"', ',"reason":"' || reason || '"', '}}')
FROM enforcements JOIN pages AS p USING (page_no) WHERE is_due(moment_ms("when"));
