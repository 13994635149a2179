-- One row per one-time opt-in request shown at the end of a conversation; the tapped ones are opt-ins.
CREATE OR REPLACE TEMP TABLE requests AS
WITH drawn AS (
    SELECT *, (draw(session_no, 'topic') * 1000000 >> 32) AS ppm FROM sessions WHERE NOT is_instagram
), shown AS (
    SELECT d.*, t.topic_no, chance(session_no, 'tapped', 1 - rate('ignored')) AS is_opted_in
    FROM drawn AS d JOIN topic_days AS t ON t.page_no = d.page_no AND t.day_no = d.day_no
        AND ppm >= from_draw AND ppm < from_draw + t.share
)
SELECT *, ended_ms + pick(session_no, 'shown', 4000) AS shown_ms,
    shown_ms + 2500 + pick(session_no, 'hesitated', 40000) AS opted_in_ms,
    token_of(session_no, 'one-time token') AS token
FROM shown;

-- The first campaign that picks a token spends it; most tokens meet none before their year is over.
INSERT INTO sends
WITH chosen AS (
    SELECT r.*, c.campaign_no, c.begins_ms + pick(session_no, 'send', c.lasting_ms) AS sent_ms
    FROM requests AS r JOIN campaigns AS c ON c.topic_no = r.topic_no
        AND c.begins_ms > r.opted_in_ms + 1800000 AND c.begins_ms < r.opted_in_ms + 363::BIGINT * 86400000
        AND chance(session_no + 7919 * c.campaign_no, 'spend', c.share)
    WHERE is_opted_in AND opted_in_ms < getvariable('ends_ms')
    QUALIFY row_number() OVER (PARTITION BY session_no ORDER BY c.begins_ms) = 1
)
SELECT sent_ms, session_no, campaign_no, page_no, topic_no, account, psid, language, token FROM chosen;
