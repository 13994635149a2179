-- One row per conversation that begins on the slice's days: who, when, in which language, how long.
CREATE OR REPLACE TEMP TABLE sessions AS
WITH begun AS (
    SELECT *, first_session_no + nth AS session_no, nth < count_new AS is_new
    FROM days, range(count_sessions) AS conversations(nth)
    WHERE day_no BETWEEN $first_day AND $last_day
), people AS (
    -- New people come in order; loyal ones are every twelfth; others come back mostly soon after their first visit.
    SELECT *, page_no + 4 * CASE
        WHEN is_new THEN known_people + nth
        WHEN chance(session_no, 'loyal', rate('loyal')) THEN pick(session_no, 'which', (known_people + 11) // 12) * 12
        ELSE known_people - 1
            - (known_people * squared(unit(session_no, 'which')) * unit(session_no, 'which'))::BIGINT % known_people
        END AS person_key
    FROM begun
), placed AS (
    SELECT
        session_no, p.day_no, p.page_no, person_key, is_new, refs,
        chance(person_key, 'instagram', instagram) AS is_instagram,
        if(is_instagram, instagram_id, id) AS account,
        language_of(person_key, language, other_language) AS language,
        psid_of(person_key) AS psid, z.zone, z.works,
        day_ms + h.hour * 3600000 + pick(session_no, 'minute', 3600000) - ahead_ms AS started_ms
    FROM people AS p JOIN pages USING (page_no)
    JOIN zone_slots AS z ON z.page_no = p.page_no AND z.slot = pick(person_key, 'zone', 100)
    JOIN zone_days AS a ON a.zone = z.zone AND a.day_no = p.day_no
    JOIN hour_slots AS h ON h.page_no = p.page_no AND h.is_weekend = (isodow(day) >= 6)
        AND h.slot = pick(session_no, 'hour', 1024)
), begins AS (
    SELECT *, unit(session_no, 'opening') AS opening, chance(session_no, 'handover', rate('handover')) AS is_handed_over
    FROM placed WHERE started_ms >= getvariable('starts_ms') AND started_ms < getvariable('ends_ms')
), lasting AS (
    SELECT *, (setting('exchanges')::BIGINT[])[1 + pick(session_no, 'exchanges', len(setting('exchanges')::BIGINT[]))]
            + is_handed_over::BIGINT AS count_exchanges
    FROM begins
)
SELECT * EXCLUDE (opening),
    if(is_instagram, 'instagram', 'page') AS object,
    CASE WHEN is_instagram THEN 'message'
        WHEN is_new AND opening < rate('new_get_started') THEN 'start'
        WHEN is_new AND opening < rate('new_get_started') + rate('new_ad') THEN 'ad'
        WHEN is_new THEN 'message'
        WHEN opening < rate('back_link') THEN 'link'
        WHEN opening < rate('back_link') + rate('back_ad') THEN 'ad'
        WHEN opening < rate('back_link') + rate('back_ad') + rate('back_menu') THEN 'menu'
        ELSE 'message' END AS opener,
    if(is_handed_over, 150000, 32000) + pick(session_no, 'stride', 200000) AS stride_ms,
    started_ms + count_exchanges * stride_ms AS ended_ms
FROM lasting;
