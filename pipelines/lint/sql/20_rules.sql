-- Rules that need a message's surroundings. Each gives (event_id, rule, severity, reason, advice); dated_rules says which hold when.

-- name: surroundings
INSERT INTO findings
WITH scope AS (
    SELECT o.* FROM outbound AS o
    JOIN touched AS t ON t.page_id = o.page_id AND t.psid = o.psid AND o.sent_at BETWEEN t.from_at AND t.to_at
    WHERE o.sent_at >= (SELECT min(first_event_at) FROM sources) + to_days($reach_days)  -- before, the log may not know what opened a window
), spends AS (
    SELECT event_id, row_number() OVER (PARTITION BY page_id, token_key ORDER BY sent_at, event_id) AS nth
    FROM outbound WHERE token_key IS NOT NULL
), bursts AS (
    SELECT o.event_id, count(DISTINCT o.psid) OVER (
        PARTITION BY o.page_id, o.text_key ORDER BY o.sent_at
        RANGE BETWEEN to_seconds($burst_seconds) PRECEDING AND to_seconds($burst_seconds) FOLLOWING) AS count_people
    FROM outbound AS o WHERE o.lane = 'tag:HUMAN_AGENT' AND o.text_key IS NOT NULL
), repeats AS (
    SELECT event_id, sent_at, heard_at, lane, answered_after_ms,
        lag(sent_at) OVER (PARTITION BY page_id, psid, near_key ORDER BY sent_at) AS before_at
    FROM scope WHERE near_key IS NOT NULL AND lane IS DISTINCT FROM 'optin_prompt'
), found AS (
    SELECT event_id, 'window.outside' AS rule, 'lane' AS kind,
        'It went out ' || CASE WHEN heard_at IS NULL THEN 'though the person had never written'
            ELSE date_diff('hour', heard_at, sent_at) || ' hours after the person last acted' END
            || ', with no token and no tag that the log names.' AS reason,
        'Send inside the window, or spend a token on its topic. If a tag was used, have the sender write it into the metadata.' AS advice
    FROM scope WHERE lane IS NULL
    UNION ALL
    SELECT event_id, 'window.outside', 'lane', 'It was sent as a message of the window, which was closed.',
        'Check the window at the moment of sending, not of planning.'
    FROM scope WHERE lane = 'standard_window' AND is_told AND NOT is_in_window
    UNION ALL
    SELECT event_id, 'otn.request.inside_window', 'lane', 'The request for a token went out while the window was closed.',
        'Ask while the person is talking to you.'
    FROM scope WHERE lane = 'optin_prompt' AND NOT is_in_window
    UNION ALL
    SELECT event_id, 'tag.human_agent.days', 'timing',
        CASE WHEN heard_at IS NULL THEN 'The person had not written before.'
            ELSE 'The person had last acted ' || round(date_diff('hour', heard_at, sent_at) / 24, 1) || ' days before.' END,
        'A human agent may answer only so long; after that wait until the person writes again.'
    FROM scope WHERE lane = 'tag:HUMAN_AGENT' AND (heard_at IS NULL OR sent_at > heard_at + to_days($human_agent_days))
    UNION ALL
    SELECT event_id, 'tag.customer_feedback.days', 'timing', 'The person had last acted more days before than a survey may come after.',
        'Send the survey within the days that the tag allows.'
    FROM scope WHERE lane = 'tag:CUSTOMER_FEEDBACK' AND (heard_at IS NULL OR sent_at > heard_at + to_days($feedback_days))
    UNION ALL
    SELECT event_id, 'tag.human_agent.inside_window', 'lane', 'The window was open, so no tag was needed.',
        'Answer as an ordinary message while the window is open.'
    FROM scope WHERE lane = 'tag:HUMAN_AGENT' AND is_in_window
    UNION ALL
    SELECT event_id, 'tag.human_agent.disallows.automated', 'lane',
        'It came ' || answered_after_ms || ' ms after the person wrote: nobody types so fast.',
        'Let a person write it, or answer by the bot as an ordinary message of the window.'
    FROM scope WHERE lane = 'tag:HUMAN_AGENT' AND answered_after_ms < 1000 * $answer_seconds
    UNION ALL
    SELECT s.event_id, 'tag.human_agent.disallows.bulk', 'lane',
        'The same text went to ' || b.count_people || ' people within ' || $burst_seconds || ' seconds.',
        'The tag is for one person''s answer to another. Use tokens or a utility template for many.'
    FROM scope AS s JOIN bursts AS b USING (event_id) WHERE b.count_people >= $burst_messages
    UNION ALL
    SELECT event_id, 'otn.uses', 'frequency', 'The token had been used before.', 'A one-time token carries one message.'
    FROM scope JOIN spends USING (event_id) WHERE nth > 1 AND lane = 'otn'
    UNION ALL
    SELECT event_id, 'otn.inside_window', 'lane', 'A token was spent though the window was open.', 'Send freely inside the window; keep the token.'
    FROM scope WHERE lane = 'otn' AND is_in_window
    UNION ALL
    SELECT event_id, 'frequency.repeated.days', 'frequency',
        'The same or nearly the same text went to this person ' || date_diff('hour', before_at, sent_at) || ' hours before, unasked.',
        'Wait, or say something new.'
    FROM repeats
    WHERE before_at > sent_at - to_days($repeated_days) AND (heard_at IS NULL OR heard_at <= before_at) AND coalesce(answered_after_ms, 1e15) > 60000
)
SELECT f.event_id, o.page_id, o.psid, o.sent_at, o.lane, o.text_key, f.rule, f.kind, d.severity, NULL, NULL, f.reason || ' ' || d.words, d.source, f.advice
FROM found AS f
JOIN scope AS o USING (event_id)
JOIN dated_rules AS d ON d.rule = f.rule AND o.sent_at >= d.since AND o.sent_at < d.until;

-- name: enforcement
INSERT INTO findings
SELECT p.event_id, p.page_id, '', p.occurred_at, NULL, NULL, d.rule, 'lane', d.severity, NULL, NULL,
    concat_ws(' ', d.words, 'Meta''s reason: ' || p.reason), d.source, 'Read the notice in the Support Inbox, mend its cause, and answer it there.'
FROM policy_events AS p
JOIN dated_rules AS d ON d.rule = 'page.enforcement.' || p.action AND p.occurred_at >= d.since AND p.occurred_at < d.until;
