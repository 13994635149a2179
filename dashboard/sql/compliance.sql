-- What the compliance page reads: findings about what went out, as the last audit left them.

-- name: state
-- No row where nothing was audited; else when it was, and how many batches of events came since.
SELECT audited_at, (SELECT coalesce(max(batch), -1) FROM events) - batch AS count_behind FROM audit_state;

-- name: is_audited
SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = 'audit_state';

-- name: totals
-- One row per week (its Monday, UTC) up to $as_of: messages sent, and how many of them have a finding of each severity.
WITH sent AS (
    SELECT date_trunc('week', sent_at) AS week, count(*) AS count_messages
    FROM outbound
    WHERE sent_at >= $from_at AND sent_at <= $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    GROUP BY ALL
), worst AS (
    SELECT event_id, any_value(sent_at) AS sent_at,
        CASE WHEN bool_or(severity = 'block') THEN 'block' WHEN bool_or(severity = 'warn') THEN 'warn' ELSE 'note' END AS severity
    FROM findings
    WHERE sent_at >= $from_at AND sent_at <= $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    GROUP BY event_id
), judged AS (
    SELECT date_trunc('week', sent_at) AS week,
        count(*) FILTER (severity = 'block') AS block, count(*) FILTER (severity = 'warn') AS warn, count(*) FILTER (severity = 'note') AS note
    FROM worst GROUP BY ALL
)
SELECT week, coalesce(s.count_messages, 0) AS count_messages, coalesce(j.block, 0) AS block, coalesce(j.warn, 0) AS warn, coalesce(j.note, 0) AS note
FROM sent AS s FULL JOIN judged AS j USING (week)
ORDER BY week;

-- name: groups
-- One row per group of findings (one rule, Page, lane and text), the worst first. group_key is what a review refers to.
SELECT
    md5(concat_ws('|', f.page_id, f.rule, coalesce(f.lane, ''), coalesce(f.text_key::VARCHAR, ''))) AS group_key,
    f.severity, f.rule, f.kind, f.lane, f.page_id,
    count(DISTINCT f.event_id) AS count_messages, count(DISTINCT nullif(f.psid, '')) AS count_people,
    min(f.sent_at) AS first_at, max(f.sent_at) AS last_at,
    any_value(t.text) AS text, min(f.span_from) AS span_from, arg_min(f.span_to, f.span_from) AS span_to,
    any_value(f.reason) AS reason, any_value(f.source) AS source, any_value(f.advice) AS advice
FROM findings AS f
LEFT JOIN sent_texts AS t USING (text_key)
WHERE f.sent_at >= $from_at AND f.sent_at <= $as_of AND ($page_id::VARCHAR IS NULL OR f.page_id = $page_id)
GROUP BY f.page_id, f.rule, f.lane, f.text_key, f.severity, f.kind
ORDER BY array_position(['block', 'warn', 'note'], f.severity), count_messages DESC, last_at DESC, group_key
LIMIT $limit;

-- name: unreviewed
-- One row: messages that break a rule, but for those whose every broken rule stands in a group that was reviewed.
SELECT count(DISTINCT event_id) FROM findings
WHERE severity = 'block' AND psid <> ''
    AND sent_at >= $from_at AND sent_at <= $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    AND NOT list_contains($reviewed::VARCHAR[], md5(concat_ws('|', page_id, rule, coalesce(lane, ''), coalesce(text_key::VARCHAR, ''))));

-- name: weeks
-- One row per (week, severity): messages with a finding of that severity, under the rules and lanes chosen.
SELECT date_trunc('week', sent_at) AS week, severity, count(DISTINCT event_id) AS count_messages
FROM findings
WHERE sent_at >= $from_at AND sent_at <= $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id)
    AND ($rules::VARCHAR[] IS NULL OR list_contains($rules, rule))
    AND ($lanes::VARCHAR[] IS NULL OR list_contains($lanes, coalesce(lane, 'not known')))
    AND ($severities::VARCHAR[] IS NULL OR list_contains($severities, severity))
GROUP BY ALL
ORDER BY week, severity;

-- name: finding_rows
-- One row per finding about one message. People stand under pseudonyms unless $pseudonym_key is NULL.
SELECT
    f.sent_at, f.page_id, CASE WHEN f.psid <> '' THEN person_of($pseudonym_key::VARCHAR, f.page_id, f.psid) END AS person,
    f.severity, f.rule, f.kind, f.lane, t.text, f.span_from, f.span_to, f.reason, f.source, f.advice
FROM findings AS f
LEFT JOIN sent_texts AS t USING (text_key)
WHERE f.sent_at >= $from_at AND f.sent_at <= $as_of AND ($page_id::VARCHAR IS NULL OR f.page_id = $page_id)
    AND ($rules::VARCHAR[] IS NULL OR list_contains($rules, f.rule))
    AND ($lanes::VARCHAR[] IS NULL OR list_contains($lanes, coalesce(f.lane, 'not known')))
    AND ($severities::VARCHAR[] IS NULL OR list_contains($severities, f.severity))
ORDER BY array_position(['block', 'warn', 'note'], f.severity), f.sent_at DESC, f.event_id
LIMIT $limit;

-- name: enforcement
-- One row: Meta's own acts against the Page between $from_at and $as_of, and whether it is blocked at $as_of.
SELECT count(*) FILTER (action = 'warning' AND occurred_at >= $from_at) AS count_warnings,
    count(*) FILTER (action = 'block' AND occurred_at >= $from_at) AS count_blocks,
    coalesce(arg_max(action, occurred_at) FILTER (action IN ('block', 'unblock')) = 'block', false) AS is_blocked
FROM policy_events
WHERE occurred_at <= $as_of AND ($page_id::VARCHAR IS NULL OR page_id = $page_id);

-- name: texts_sent
-- One row per distinct (text, lane, topic) sent between $from_at and $as_of, with how many messages carried it.
SELECT t.text, o.lane, o.topic, count(*) AS count_messages
FROM outbound AS o
JOIN sent_texts AS t USING (text_key)
WHERE o.sent_at >= $from_at AND o.sent_at <= $as_of AND ($page_id::VARCHAR IS NULL OR o.page_id = $page_id)
GROUP BY ALL
ORDER BY count_messages DESC, t.text
LIMIT $limit;
