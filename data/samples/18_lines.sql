-- One row per line of the log that the slice's people and campaigns bring about.
SET VARIABLE from_ms = $from_ms;
SET VARIABLE until_ms = $until_ms;

INSERT INTO lines
WITH happened AS (
    FROM questions UNION ALL FROM answers UNION ALL FROM deliveries UNION ALL FROM reads UNION ALL FROM packs
    UNION ALL FROM reactions UNION ALL FROM edits UNION ALL FROM referrals UNION ALL FROM handovers
    UNION ALL FROM comments UNION ALL FROM requests_shown UNION ALL FROM optins UNION ALL FROM confirmations
    UNION ALL FROM subscriptions_given UNION ALL FROM subscriptions_changed UNION ALL FROM send_echoes
    UNION ALL FROM send_outcomes UNION ALL FROM follow_up_echoes UNION ALL FROM policy_enforcements
), arrived AS (
    SELECT *, line_id(tie, '') AS id,
        occurred_ms + 90 + pick(id, 'lag', 480)
            + if(chance(id, 'late', rate('late')), pick(id, 'late by', 12000), 0)
            + if(chance(id, 'very late', rate('very_late')), pick(id, 'very late by', 300000), 0) AS received_ms
    FROM happened WHERE occurred_ms >= getvariable('starts_ms')
)
SELECT received_ms + if(chance(id, 'stirred', rate('stirred')), pick(id, 'stirred by', 6000) - 3000, 0),
    tie, received_ms, object, account, channel, items, count_events, $slice_no, ''
FROM arrived WHERE received_ms < getvariable('ends_ms');

-- Meta sends again what was not answered in time; and what a person writes may come on both channels.
-- A table of their own: an INSERT that reads the table it fills may meet its own rows.
CREATE OR REPLACE TEMP TABLE copies AS
WITH again AS (
    SELECT * REPLACE ('repeat' AS copy, received_ms + if(chance(line_id(tie, ''), 'repeat soon', rate('repeat_soon')),
        15000 + pick(line_id(tie, ''), 'repeat after', 600000),
        600000 + pick(line_id(tie, ''), 'repeat after', 126000000)) AS received_ms)
    FROM lines
    WHERE slice_no = $slice_no AND count_events = 1 AND chance(line_id(tie, ''), 'repeat', rate('repeat'))
    UNION ALL
    SELECT * REPLACE ('standby' AS copy, 'standby' AS channel,
        received_ms + 5 + pick(line_id(tie, ''), 'standby after', 300) AS received_ms)
    FROM lines
    WHERE slice_no = $slice_no AND channel = 'messaging'
        AND if(chance(line_id(tie, ''), 'standby', rate('standby_copy')), items LIKE '%,"message":%', false)
)
SELECT * REPLACE (received_ms AS sort_ms) FROM again WHERE received_ms < getvariable('ends_ms');

INSERT INTO lines FROM copies;
