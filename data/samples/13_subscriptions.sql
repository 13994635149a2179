-- One row per marketing opt-in, given in a new person's first conversation.
CREATE OR REPLACE TEMP TABLE subscribed AS
SELECT s.session_no AS optin_no, account, psid, zone, s.works,
    ended_ms + 60000 + pick(session_no, 'subscribed', 90000) AS opted_in_ms,
    token_of(session_no, 'marketing token') AS token,
    offers[1 + pick(session_no, 'offer', len(offers))] AS offer,
    opted_in_ms + (setting('marketing')->>'lifetime_days')::BIGINT * 86400000 AS expires_ms,
    if(opener <> 'start' AND chance(session_no, 'again', rate('token_again')), 'REFRESHED', 'NOT_REFRESHED')
        AS user_status
FROM sessions AS s JOIN subscriptions USING (page_no)
JOIN marketing_rates AS m ON s.started_ms < epoch_ms(m.day::TIMESTAMP) AND s.started_ms >= epoch_ms(m.since::TIMESTAMP)
WHERE is_new AND NOT is_instagram AND chance(session_no, 'subscribe', m.share)
    AND (s.works OR s.started_ms < epoch_ms((setting('marketing')->>'works_everywhere_until')::TIMESTAMP));

INSERT INTO changes
WITH stopped AS (
    SELECT *, opted_in_ms + 86400000 + (squared(unit(optin_no, 'stopped')) * 17280000000)::BIGINT AS stopped_ms
    FROM subscribed WHERE chance(optin_no, 'stop', rate('stop'))
), resumed AS (
    SELECT *, stopped_ms + 7200000 + pick(optin_no, 'resumed', 40 * 86400) * 1000
        + pick(optin_no, 'resumed, ms', 1000) AS resumed_ms
    FROM stopped WHERE chance(optin_no, 'resume', rate('resume'))
), renewed AS (
    SELECT *, expires_ms + 3600000 + pick(optin_no, 'renewed', 25 * 86400) * 1000
        + pick(optin_no, 'renewed, ms', 1000) AS renewed_ms
    FROM subscribed ANTI JOIN stopped USING (optin_no) WHERE works AND chance(optin_no, 'renew', rate('renew'))
)
SELECT stopped_ms, optin_no, account, psid, zone, offer.title, offer.payload, token, expires_ms, user_status,
    'STOP NOTIFICATIONS', 1
FROM stopped WHERE stopped_ms < expires_ms
UNION ALL
SELECT resumed_ms, optin_no, account, psid, zone, offer.title, offer.payload, token, expires_ms, user_status,
    'RESUME NOTIFICATIONS', 2
FROM resumed WHERE resumed_ms < expires_ms
UNION ALL
SELECT renewed_ms, optin_no, account, psid, zone, offer.title, offer.payload, token,
    renewed_ms + (expires_ms - opted_in_ms), 'REFRESHED', NULL, 3
FROM renewed;
