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
    one_time_token(session_no) AS token
FROM shown;

INSERT INTO optins_given
SELECT session_no, topic_no, person_key, opted_in_ms FROM requests
WHERE is_opted_in AND opted_in_ms < getvariable('ends_ms');
