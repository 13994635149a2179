-- Whom a campaign means, and what is known of each of them at one moment, $at (naive UTC).
-- People are joined by contact_key, which is quicker than two texts; whoever the campaign itself names, by psid.

-- name: no_people
-- One row per line of the campaign's CSV: there is none yet. `fields` is JSON; NULL where the texts need nothing.
CREATE OR REPLACE TEMP TABLE plan_lines (line BIGINT, psid VARCHAR, tags VARCHAR, fields VARCHAR);

-- name: lines
-- One row more per line of the CSV.
INSERT INTO plan_lines SELECT line, psid, tags, fields FROM csv_lines;

-- name: people
-- One row per person of the CSV: their first line counts.
CREATE OR REPLACE TEMP TABLE plan_people AS
SELECT
    psid, arg_min(fields, line) AS fields,
    [trim(tag) FOR tag IN string_split(arg_min(tags, line), ';') IF trim(tag) <> ''] AS tags
FROM plan_lines
GROUP BY psid;

-- name: excluded
-- One row per person whom the campaign leaves out by name.
CREATE OR REPLACE TEMP TABLE plan_excluded AS
SELECT DISTINCT unnest($exclude_psids::VARCHAR[]) AS psid;

-- name: excluded_by_file
-- One row more per person of the CSV of exclusions.
INSERT INTO plan_excluded
SELECT DISTINCT psid FROM csv_lines ANTI JOIN plan_excluded USING (psid);

-- name: no_ledger
-- One row per send that binds the plan: there is none.
CREATE OR REPLACE TEMP TABLE plan_ledger (
    psid VARCHAR, token_key UUID, lane VARCHAR, state VARCHAR, state_at TIMESTAMP, mid VARCHAR
);

-- name: ledger
-- One row per send that binds the plan.
INSERT INTO plan_ledger
SELECT psid, CAST(token_key AS UUID), lane, state, CAST(state_at AS TIMESTAMP), mid FROM ledger_sends;

-- name: choices
-- One row per person who holds or held a token on the topic: the one to use first, or what became of the last.
-- First expired, first out. A marketing token that only Meta's paid API takes is no permission for the Send API.
CREATE OR REPLACE TEMP TABLE plan_choices AS
WITH bound AS (
    SELECT
        token_key, CASE WHEN bool_or(state = 'refused') THEN 'refused' WHEN bool_or(state = 'accepted') THEN 'spent' ELSE 'reserved' END AS state
    FROM plan_ledger
    WHERE token_key IS NOT NULL AND (lane = 'otn' OR state <> 'accepted')
    GROUP BY token_key
),
regions AS (
    SELECT token_key, region FROM tokens WHERE page_id = $page_id AND topic = $topic AND kind = 'marketing'
),
held AS (
    SELECT
        s.contact_key, s.kind, s.token_key, s.ends_at,
        coalesce(b.state, s.state) AS state,
        s.kind = 'marketing' AND s.opted_in_at >= $paid_since AND NOT coalesce(list_contains($free_regions, r.region), false) AS is_paid_only
    FROM token_spans AS s
    LEFT JOIN bound AS b ON b.token_key = s.token_key
    LEFT JOIN regions AS r ON r.token_key = s.token_key
    WHERE s.page_id = $page_id AND s.topic = $topic AND s.from_at <= $at AND s.to_at > $at
)
SELECT
    contact_key,
    min(struct_pack(ends_at, token_key)) FILTER (kind = 'otn' AND state = 'available') AS otn,
    min(struct_pack(ends_at, token_key)) FILTER (kind = 'marketing' AND state = 'available' AND NOT is_paid_only) AS marketing,
    bool_or(state = 'available' AND is_paid_only) AS is_paid_only,
    arg_min(state, CASE state WHEN 'reserved' THEN 1 WHEN 'spent' THEN 2 WHEN 'expired' THEN 3 WHEN 'stranded' THEN 4 ELSE 5 END)
        FILTER (state <> 'available') AS fate
FROM held
GROUP BY contact_key;

-- name: open_windows
-- One row per person whose window is open then: until when.
CREATE OR REPLACE TEMP TABLE plan_windows AS
SELECT contact_key, max(closes_at) AS closes_at FROM windows
WHERE page_id = $page_id AND opened_at <= $at AND closes_at > $at
GROUP BY contact_key;

-- name: last_seen
-- One row per person who ever opened a window: when they last did something that opens one.
CREATE OR REPLACE TEMP TABLE plan_seen AS
SELECT contact_key, least(max(closes_at) - to_hours($window_hours), $at) AS seen_at FROM windows
WHERE page_id = $page_id AND opened_at <= $at
GROUP BY contact_key;

-- name: nobody_seen
-- One row per person who was seen: nobody asks.
CREATE OR REPLACE TEMP TABLE plan_seen (contact_key UBIGINT, seen_at TIMESTAMP);

-- name: messaged
-- One row per person to whom the Page wrote since $since, or will: when last, and how often since $cap_since.
CREATE OR REPLACE TEMP TABLE plan_messaged AS
WITH written AS (
    SELECT hash(page_id, psid) AS contact_key, occurred_at AS at_ FROM events
    WHERE page_id = $page_id AND kind = 'message_echo' AND occurred_at >= $since AND occurred_at <= $at AND psid <> ''
    UNION ALL
    SELECT hash($page_id, l.psid), CASE WHEN l.state = 'accepted' THEN l.state_at ELSE $at END
    FROM plan_ledger AS l
    ANTI JOIN (
        SELECT mid FROM events WHERE page_id = $page_id AND kind = 'message_echo' AND occurred_at >= $since
    ) AS e ON e.mid = l.mid
    WHERE l.state <> 'refused' AND (l.state <> 'accepted' OR l.state_at >= $since)
)
SELECT contact_key, max(at_) AS last_at, count(*) FILTER (at_ > $cap_since) AS count_in_cap
FROM written
GROUP BY contact_key;

-- name: nobody_messaged
-- One row per person to whom the Page wrote: nobody asks.
CREATE OR REPLACE TEMP TABLE plan_messaged (contact_key UBIGINT, last_at TIMESTAMP, count_in_cap BIGINT);

-- name: cooling
-- One row per person to whom a marketing token carried a message less than $marketing_hours ago.
CREATE OR REPLACE TEMP TABLE plan_cooling AS
SELECT DISTINCT hash($page_id, psid) AS contact_key FROM plan_ledger
WHERE lane = 'marketing' AND state <> 'refused' AND (state <> 'accepted' OR state_at > $at - to_hours($marketing_hours));

-- name: zones_told
-- One row per person whose time zone an opt-in told: the last one it told.
CREATE OR REPLACE TEMP TABLE plan_zones AS
SELECT contact_key, arg_max(zone, occurred_at) AS zone
FROM (
    SELECT hash(page_id, psid) AS contact_key, occurred_at, payload ->> '$.optin.notification_messages_timezone' AS zone FROM events
    WHERE page_id = $page_id AND kind = 'optin' AND occurred_at <= $at
)
WHERE list_contains($known_zones::VARCHAR[], zone)
GROUP BY contact_key;

-- name: nobody_has_a_zone
-- One row per person whose time zone is known: nobody asks.
CREATE OR REPLACE TEMP TABLE plan_zones (contact_key UBIGINT, zone VARCHAR);

-- name: topics_held
-- One row per person who was ever given a token on one of the topics that the audience names.
CREATE OR REPLACE TEMP TABLE plan_topics AS
SELECT
    hash(page_id, psid) AS contact_key, bool_or(list_contains($topics::VARCHAR[], topic)) AS is_wanted,
    bool_or(list_contains($exclude_topics::VARCHAR[], topic)) AS is_unwanted
FROM tokens
WHERE page_id = $page_id AND opted_in_at <= $at
    AND (list_contains($topics::VARCHAR[], topic) OR list_contains($exclude_topics::VARCHAR[], topic))
GROUP BY contact_key;

-- name: no_topics_held
-- One row per person who was given a token: nobody asks.
CREATE OR REPLACE TEMP TABLE plan_topics (contact_key UBIGINT, is_wanted BOOLEAN, is_unwanted BOOLEAN);

-- name: kinds_held
-- One row per person who holds a token of a kind that the audience names, on whatever topic.
CREATE OR REPLACE TEMP TABLE plan_kinds AS
SELECT DISTINCT contact_key FROM token_spans
WHERE page_id = $page_id AND state = 'available' AND from_at <= $at AND to_at > $at AND list_contains($token_kinds::VARCHAR[], kind);

-- name: no_kinds_held
-- One row per person who holds a token: nobody asks.
CREATE OR REPLACE TEMP TABLE plan_kinds (contact_key UBIGINT);

-- name: audience
-- One row per person whom the campaign means, with all that decides about them.
CREATE OR REPLACE TEMP TABLE plan_audience AS
SELECT
    c.psid, h.otn, h.marketing, h.is_paid_only, h.fate, w.closes_at, z.zone, p.fields,
    x.psid IS NOT NULL OR coalesce(t.is_unwanted, false) AS is_excluded,
    m.last_at >= $not_messaged_since AS is_messaged_lately,
    m.count_in_cap >= $cap AS is_capped,
    k.contact_key IS NOT NULL AS is_cooling
FROM contacts AS c
LEFT JOIN plan_choices AS h ON h.contact_key = c.contact_key
LEFT JOIN plan_windows AS w ON w.contact_key = c.contact_key
LEFT JOIN plan_seen AS s ON s.contact_key = c.contact_key
LEFT JOIN plan_messaged AS m ON m.contact_key = c.contact_key
LEFT JOIN plan_cooling AS k ON k.contact_key = c.contact_key
LEFT JOIN plan_zones AS z ON z.contact_key = c.contact_key
LEFT JOIN plan_kinds AS i ON i.contact_key = c.contact_key
LEFT JOIN plan_people AS p ON p.psid = c.psid
LEFT JOIN plan_excluded AS x ON x.psid = c.psid
LEFT JOIN plan_topics AS t ON t.contact_key = c.contact_key
WHERE c.page_id = $page_id AND c.first_seen_at <= $at
    AND (len($topics::VARCHAR[]) = 0 OR t.is_wanted)
    AND (len($token_kinds::VARCHAR[]) = 0 OR i.contact_key IS NOT NULL)
    AND CASE $window WHEN 'open' THEN w.contact_key IS NOT NULL WHEN 'closed' THEN w.contact_key IS NULL ELSE true END
    AND ($seen_since IS NULL OR s.seen_at >= $seen_since)
    AND ($not_seen_since IS NULL OR s.seen_at IS NULL OR s.seen_at < $not_seen_since)
    AND (NOT $by_csv OR p.psid IS NOT NULL)
    AND (len($tags::VARCHAR[]) = 0 OR list_has_any(p.tags, $tags::VARCHAR[]));

-- name: strangers
-- One row: how many people of the CSV the Page's log has never seen.
SELECT count(*) FROM plan_people AS p ANTI JOIN contacts AS c ON c.psid = p.psid AND c.page_id = $page_id;
