-- No rows: the JSON of each kind of event, key by key in the order in which Meta writes it.
CREATE MACRO from_person(psid, account, ms, body) AS
    concat('{"sender":{"id":"', psid, '"},"recipient":{"id":"', account, '"},"timestamp":', ms, ',', body, '}');
CREATE MACRO from_page(account, psid, ms, app_id, metadata, mid, body) AS
    concat('{"sender":{"id":"', account, '"},"recipient":{"id":"', psid, '"},"timestamp":', ms,
        ',"message":{"is_echo":true,"app_id":', app_id, ',', metadata, '"mid":"', mid, '",', body, '}}');

CREATE MACRO text_body(text) AS concat('"text":"', text, '"');
CREATE MACRO photo_body(id) AS
    concat('"attachments":[{"type":"image","payload":{"url":"https:\/\/scontent.example.com\/v\/t1.15752-9\/',
        draw(id, 'photo'), '_n.jpg"}}]');
CREATE MACRO sticker_body(ms) AS
    concat('"attachments":[{"type":"', if(ms < epoch_ms(setting('sticker_type_from')::TIMESTAMP), 'image', 'sticker'),
        '","payload":{"url":"https:\/\/scontent.example.com\/sticker\/369239263222822.png",',
        '"sticker_id":369239263222822}}]');
CREATE MACRO request_body(title, payload) AS
    concat('"attachments":[{"type":"template","payload":{"template_type":"one_time_notif_req","title":"', title,
        '","payload":"', payload, '"}}]');
-- A button pressed while another app owns the conversation comes without its payload.
CREATE MACRO postback_body(mid, title, payload, referral) AS
    concat('"postback":{"mid":"', mid, '","title":"', title, '"', ',"payload":"' || payload || '"',
        ',' || referral, '}');
CREATE MACRO link_body(ref) AS concat('"referral":{"ref":"', ref, '","source":"SHORTLINK","type":"OPEN_THREAD"}');
CREATE MACRO advert_body(advert) AS
    concat('"referral":{"ref":"","ad_id":"', advert.ad_id, '","source":"ADS","type":"OPEN_THREAD",',
        '"ads_context_data":{"ad_title":"', advert.ad_title, '","photo_url":"https:\/\/scontent.example.com\/ads\/',
        advert.ad_id, '.jpg","post_id":"', left(advert.ad_id, 15), '"}}');
CREATE MACRO delivery_body(mid, ms) AS concat('"delivery":{"mids":["', mid, '"],"watermark":', ms, '}');
CREATE MACRO read_body(ms) AS concat('"read":{"watermark":', ms, '}');
CREATE MACRO reaction_body(reaction, act, mid) AS
    concat('"reaction":{"reaction":"', reaction.name, '","emoji":"', reaction.emoji, '","action":"', act,
        '","mid":"', mid, '"}');
CREATE MACRO one_time_body(payload, token) AS
    concat('"optin":{"type":"one_time_notif_req","payload":"', payload, '","one_time_notif_token":"', token, '"}');
CREATE MACRO marketing_body(title, payload, token, zone, expires_ms, user_status, status) AS
    concat('"optin":{"type":"notification_messages","payload":"', payload, '","notification_messages_token":"', token,
        '","notification_messages_timezone":"', replace(zone, '/', '\/'), '","token_expiry_timestamp":', expires_ms,
        ',"user_token_status":"', user_status, '"', ',"notification_messages_status":"' || status || '"',
        ',"title":"', title, '"}');

CREATE MACRO ref_of(id, refs) AS refs[1 + pick(id, 'ref', len(refs))];
CREATE MACRO advert_of(id, adverts) AS adverts[1 + pick(id, 'advert', len(adverts))];
CREATE MACRO reaction_of(id) AS [
    {'name': 'love', 'emoji': '\u2764\ufe0f'}, {'name': 'love', 'emoji': '\u2764\ufe0f'},
    {'name': 'love', 'emoji': '\u2764\ufe0f'}, {'name': 'like', 'emoji': '\ud83d\udc4d'},
    {'name': 'like', 'emoji': '\ud83d\udc4d'}, {'name': 'smile', 'emoji': '\ud83d\ude06'},
    {'name': 'wow', 'emoji': '\ud83d\ude2e'}, {'name': 'sad', 'emoji': '\ud83d\ude22'}][1 + pick(id, 'reaction is', 8)];
