-- One row per token spent during the slice: when its message was sent, delivered, read and answered.
CREATE OR REPLACE TEMP TABLE sent AS
SELECT optin_no, campaign_no, topic_no, page_no, sent_ms, pages.id AS account, psid_of(person_key) AS psid,
    language_of(person_key, language, other_language) AS language,
    one_time_token(optin_no) AS token, mid_of(optin_no, 'send') AS mid, 2000000000000000 + optin_no * 20 AS tie,
    if(chance(optin_no, 'send delivered', rate('send_delivered')), sent_ms + 400 + pick(optin_no, 'send delivery', 2500)
        + if(chance(optin_no, 'off', rate('send_phone_off')), pick(optin_no, 'on', 14400000), 0), NULL) AS delivered_ms,
    if(chance(optin_no, 'send read', rate('send_read')), delivered_ms + 1500
        + (squared(unit(optin_no, 'send reading')) * unit(optin_no, 'send reading') * 57600000)::BIGINT, NULL)
        AS read_ms,
    if(chance(optin_no, 'clicked', rate('send_clicked')), read_ms + 2000 + pick(optin_no, 'clicking', 90000), NULL)
        AS clicked_ms
FROM sends JOIN pages ON page_no = person_key % 4
WHERE sent_ms >= $from_ms AND sent_ms < $until_ms;
