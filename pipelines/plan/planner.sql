-- Chooses a lane for every person of an audience at one moment, $at (naive UTC), or says why there is none.

-- name: people
-- One row per line of the campaign's CSV: tags as a list, other columns as JSON. The first line of a person counts.
CREATE OR REPLACE TEMP TABLE plan_people AS
SELECT psid, any_value(tags) AS tags, any_value(fields) AS fields
FROM (
    SELECT
        trim(psid) AS psid, row_number() OVER (PARTITION BY trim(psid)) AS line,
        [trim(tag) FOR tag IN string_split(coalesce(tags, ''), ';') IF trim(tag) <> ''] AS tags,
        fields
    FROM (
        SELECT row_json ->> 'psid' AS psid, row_json ->> 'tags' AS tags, json_merge_patch(row_json, '{"psid": null, "tags": null}') AS fields
        FROM (SELECT to_json(people) AS row_json FROM read_csv($people_csv, header := true, all_varchar := true, strict_mode := false) AS people)
    )
)
WHERE line = 1 AND psid <> ''
GROUP BY psid;

-- name: no_people
-- One row per person of a CSV: there is none.
CREATE OR REPLACE TEMP TABLE plan_people (psid VARCHAR, tags VARCHAR[], fields JSON);

-- name: excluded
-- One row per person whom the campaign leaves out by name.
CREATE OR REPLACE TEMP TABLE plan_excluded AS
SELECT DISTINCT unnest($exclude_psids::VARCHAR[]) AS psid;

-- name: excluded_by_file
-- One row more per person of the CSV of exclusions.
INSERT INTO plan_excluded
SELECT DISTINCT trim(psid) FROM read_csv($exclude_csv, header := true, all_varchar := true, strict_mode := false);

-- name: no_ledger
-- One row per send that binds the plan: there is none.
CREATE OR REPLACE TEMP TABLE plan_ledger (
    psid VARCHAR, token_key UUID, topic VARCHAR, lane VARCHAR, state VARCHAR, state_at TIMESTAMP, mid VARCHAR
);

-- name: ledger
-- One row per send that binds the plan.
INSERT INTO plan_ledger
SELECT psid, CAST(token_key AS UUID), topic, lane, state, CAST(state_at AS TIMESTAMP), mid FROM ledger_sends;

-- name: holdings
-- One row per token that the Page's people were given by then on the campaign's topic, with the state it is in.
CREATE OR REPLACE TEMP TABLE plan_holdings AS
SELECT
    t.psid, t.kind, t.token_key, t.token, s.ends_at, t.opted_in_at, t.region,
    CASE WHEN l.token_key IS NULL THEN s.state WHEN t.kind = 'otn' AND l.is_spent THEN 'spent' ELSE 'reserved' END AS state
FROM token_spans AS s
JOIN tokens AS t ON t.token_key = s.token_key AND t.page_id = s.page_id
LEFT JOIN (
    SELECT token_key, bool_or(state = 'accepted') AS is_spent FROM plan_ledger
    WHERE token_key IS NOT NULL AND (lane = 'otn' OR state <> 'accepted')
    GROUP BY token_key
) AS l ON l.token_key = s.token_key
WHERE s.page_id = $page_id AND s.topic = $topic AND s.from_at <= $at AND s.to_at > $at;

-- name: choices
-- One row per person who holds or held a token on the topic: the one to use first, or what became of the last.
-- First expired, first out. A marketing token that only Meta's paid API takes is no permission for the Send API.
CREATE OR REPLACE TEMP TABLE plan_choices AS
WITH judged AS (
    SELECT
        *, kind = 'marketing' AND opted_in_at >= $paid_since AND NOT list_contains($free_regions, region) AS is_paid_only,
        CASE state WHEN 'reserved' THEN 1 WHEN 'spent' THEN 2 WHEN 'expired' THEN 3 WHEN 'stranded' THEN 4 ELSE 5 END AS rank
    FROM plan_holdings
)
SELECT
    psid,
    min(struct_pack(ends_at, token_key, token)) FILTER (kind = 'otn' AND state = 'available') AS otn,
    min(struct_pack(ends_at, token_key, token)) FILTER (kind = 'marketing' AND state = 'available' AND NOT is_paid_only) AS marketing,
    bool_or(state = 'available' AND is_paid_only) AS is_paid_only,
    arg_min(state, rank) FILTER (state <> 'available') AS fate
FROM judged
GROUP BY psid;

-- name: open_windows
-- One row per person whose window is open then: until when.
CREATE OR REPLACE TEMP TABLE plan_windows AS
SELECT psid, max(closes_at) AS closes_at FROM windows
WHERE page_id = $page_id AND opened_at <= $at AND closes_at > $at
GROUP BY psid;

-- name: last_seen
-- One row per person who ever opened a window: when they last did something that opens one.
CREATE OR REPLACE TEMP TABLE plan_seen AS
SELECT psid, max(closes_at) - to_hours($window_hours) AS seen_at FROM windows
WHERE page_id = $page_id AND opened_at <= $at
GROUP BY psid;

-- name: nobody_seen
-- One row per person who was seen: nobody asks.
CREATE OR REPLACE TEMP TABLE plan_seen (psid VARCHAR, seen_at TIMESTAMP);

-- name: messaged
-- One row per person to whom the Page wrote since $since, or will: when last, how often since $cap_since, when by marketing token.
CREATE OR REPLACE TEMP TABLE plan_messaged AS
WITH written AS (
    SELECT psid, occurred_at AS at_, '' AS lane FROM events
    WHERE page_id = $page_id AND kind = 'message_echo' AND occurred_at >= $since AND occurred_at <= $at AND psid <> ''
    UNION ALL
    SELECT l.psid, CASE WHEN l.state = 'accepted' THEN l.state_at ELSE $at END, l.lane
    FROM plan_ledger AS l
    ANTI JOIN (
        SELECT mid FROM events WHERE page_id = $page_id AND kind = 'message_echo' AND occurred_at >= $since
    ) AS e ON e.mid = l.mid
    WHERE l.state <> 'accepted' OR l.state_at >= $since
)
SELECT psid, max(at_) AS last_at, count(*) FILTER (at_ > $cap_since) AS count_in_cap
FROM written
GROUP BY psid;

-- name: nobody_messaged
-- One row per person to whom the Page wrote: nobody asks.
CREATE OR REPLACE TEMP TABLE plan_messaged (psid VARCHAR, last_at TIMESTAMP, count_in_cap BIGINT);

-- name: cooling
-- One row per person to whom a marketing token carried a message less than $marketing_hours ago.
CREATE OR REPLACE TEMP TABLE plan_cooling AS
SELECT DISTINCT psid FROM plan_ledger
WHERE lane = 'marketing' AND (state <> 'accepted' OR state_at > $at - to_hours($marketing_hours));

-- name: zones
-- One row per person whose time zone an opt-in told: the last one it told.
CREATE OR REPLACE TEMP TABLE plan_zones AS
SELECT psid, arg_max(zone, occurred_at) AS zone
FROM (
    SELECT psid, occurred_at, payload ->> '$.optin.notification_messages_timezone' AS zone FROM events
    WHERE page_id = $page_id AND kind = 'optin' AND occurred_at <= $at
)
WHERE list_contains($known_zones::VARCHAR[], zone)
GROUP BY psid;

-- name: nobody_has_a_zone
-- One row per person whose time zone is known: nobody asks.
CREATE OR REPLACE TEMP TABLE plan_zones (psid VARCHAR, zone VARCHAR);

-- name: topics_held
-- One row per person who was given a token on one of the topics that the audience names.
CREATE OR REPLACE TEMP TABLE plan_topics AS
SELECT
    psid, bool_or(list_contains($topics::VARCHAR[], topic)) AS is_wanted,
    bool_or(list_contains($exclude_topics::VARCHAR[], topic)) AS is_unwanted,
    bool_or(list_contains($token_kinds::VARCHAR[], kind)) AS is_of_kind
FROM tokens
WHERE page_id = $page_id AND opted_in_at <= $at
GROUP BY psid;

-- name: no_topics_held
-- One row per person who was given a token: nobody asks.
CREATE OR REPLACE TEMP TABLE plan_topics (psid VARCHAR, is_wanted BOOLEAN, is_unwanted BOOLEAN, is_of_kind BOOLEAN);

-- name: audience
-- One row per person whom the campaign means, with all that decides about them.
CREATE OR REPLACE TEMP TABLE plan_audience AS
SELECT
    c.psid, h.otn, h.marketing, h.is_paid_only, h.fate, w.closes_at, z.zone, p.fields,
    x.psid IS NOT NULL OR coalesce(t.is_unwanted, false) AS is_excluded,
    m.last_at >= $not_messaged_since AS is_messaged_lately,
    m.count_in_cap >= $cap AS is_capped,
    k.psid IS NOT NULL AS is_cooling
FROM contacts AS c
LEFT JOIN plan_choices AS h ON h.psid = c.psid
LEFT JOIN plan_windows AS w ON w.psid = c.psid
LEFT JOIN plan_seen AS s ON s.psid = c.psid
LEFT JOIN plan_messaged AS m ON m.psid = c.psid
LEFT JOIN plan_cooling AS k ON k.psid = c.psid
LEFT JOIN plan_zones AS z ON z.psid = c.psid
LEFT JOIN plan_people AS p ON p.psid = c.psid
LEFT JOIN plan_excluded AS x ON x.psid = c.psid
LEFT JOIN plan_topics AS t ON t.psid = c.psid
WHERE c.page_id = $page_id AND c.first_seen_at <= $at
    AND (len($topics::VARCHAR[]) = 0 OR t.is_wanted)
    AND (len($token_kinds::VARCHAR[]) = 0 OR t.is_of_kind)
    AND CASE $window WHEN 'open' THEN w.psid IS NOT NULL WHEN 'closed' THEN w.psid IS NULL ELSE true END
    AND ($seen_since IS NULL OR s.seen_at >= $seen_since)
    AND ($not_seen_since IS NULL OR s.seen_at IS NULL OR s.seen_at < $not_seen_since)
    AND (NOT $by_csv OR p.psid IS NOT NULL)
    AND (len($tags::VARCHAR[]) = 0 OR list_has_any(p.tags, $tags::VARCHAR[]));

-- name: strangers
-- One row: how many people of the CSV the Page's log has never seen.
SELECT count(*) FROM plan_people AS p ANTI JOIN contacts AS c ON c.psid = p.psid AND c.page_id = $page_id;

-- name: rows
-- One row per person of the audience: a lane with what it takes, or the reason why there is none.
CREATE OR REPLACE TEMP TABLE plan_rows AS
WITH laned AS (
    SELECT
        *,
        CASE
            WHEN closes_at IS NOT NULL AND list_contains($lanes::VARCHAR[], 'standard_window') THEN 'standard_window'
            WHEN marketing IS NOT NULL AND NOT is_cooling AND list_contains($lanes::VARCHAR[], 'marketing') AND closes_at IS NULL THEN 'marketing'
            WHEN otn IS NOT NULL AND list_contains($lanes::VARCHAR[], 'otn') AND closes_at IS NULL THEN 'otn'
            WHEN $free_lane <> '' THEN $free_lane
        END AS lane
    FROM plan_audience
),
judged AS (
    SELECT
        *,
        CASE
            WHEN is_excluded THEN 'excluded'
            WHEN is_messaged_lately THEN 'messaged_lately'
            WHEN is_capped THEN 'frequency_cap'
            WHEN lane IS NOT NULL THEN NULL
            WHEN closes_at IS NOT NULL THEN 'window_not_used'
            WHEN len($lanes::VARCHAR[]) = 0 THEN 'no_lane_open'
            WHEN otn IS NOT NULL OR (marketing IS NOT NULL AND NOT is_cooling) THEN 'token_not_used'
            WHEN marketing IS NOT NULL THEN 'marketing_cooling'
            WHEN is_paid_only THEN 'token_paid_only'
            WHEN fate IS NOT NULL THEN 'token_' || fate
            ELSE 'no_permission'
        END AS reason,
        md5_number_lower($campaign_id || ' holds out ' || psid) / 18446744073709551616.0 AS holdout_draw,
        md5_number_lower($campaign_id || ' words for ' || psid) / 18446744073709551616.0 AS variant_draw
    FROM laned
),
worded AS (
    SELECT
        j.* REPLACE (CASE WHEN j.reason IS NULL AND j.holdout_draw < $holdout THEN 'holdout' ELSE j.reason END AS reason),
        v.variant, v.demanded
    FROM judged AS j
    LEFT JOIN (SELECT unnest(from_json($variants, '[{"variant":"VARCHAR","from_":"DOUBLE","to_":"DOUBLE","demanded":["VARCHAR"]}]'), recursive := true)) AS v
        ON j.variant_draw >= v.from_ AND j.variant_draw < v.to_
),
told AS (
    SELECT * REPLACE (
        CASE WHEN reason IS NULL AND len(list_filter(demanded, lambda name: coalesce(trim(json_extract_string(fields, '$.' || name)), '') = '')) > 0
            THEN 'field_missing' ELSE reason END AS reason
    )
    FROM worded
)
SELECT
    psid, CASE WHEN reason IS NULL THEN lane END AS lane, CASE WHEN reason IS NULL THEN variant END AS variant, reason,
    CASE WHEN reason IS NULL AND lane IN ('otn', 'marketing') THEN $topic END AS topic,
    CASE WHEN reason IS NOT NULL THEN NULL WHEN lane = 'otn' THEN otn.token_key WHEN lane = 'marketing' THEN marketing.token_key END AS token_key,
    CASE WHEN reason IS NOT NULL THEN NULL WHEN lane = 'otn' THEN otn.token WHEN lane = 'marketing' THEN marketing.token END AS token,
    CASE WHEN reason IS NULL THEN fields::VARCHAR END AS fields,
    CASE WHEN reason IS NULL THEN coalesce(zone, $zone) END AS zone,
    CASE WHEN reason IS NOT NULL THEN NULL WHEN lane = 'standard_window' THEN closes_at WHEN lane = 'otn' THEN otn.ends_at WHEN lane = 'marketing' THEN nullif(marketing.ends_at, TIMESTAMP '9999-12-31') END AS permission_ends_at,
    zone IS NULL AND $zone IS NOT NULL AND reason IS NULL AS is_zone_guessed
FROM told;

-- name: lanes
-- One row per lane: how many people, how many tokens they spend.
SELECT lane, count(*) AS people, count(*) FILTER (lane = 'otn') AS tokens FROM plan_rows
WHERE lane IS NOT NULL
GROUP BY lane
ORDER BY people DESC, lane;

-- name: topics
-- One row per (topic, lane) of tokens that would be used.
SELECT topic, lane, count(*) AS people FROM plan_rows WHERE topic IS NOT NULL GROUP BY ALL ORDER BY people DESC, topic, lane;

-- name: variants
-- One row per variant: how many people read it.
SELECT variant, count(*) AS people FROM plan_rows WHERE variant IS NOT NULL GROUP BY ALL ORDER BY variant;

-- name: left_out
-- One row per reason why people are left out.
SELECT reason, count(*) AS people FROM plan_rows WHERE reason IS NOT NULL GROUP BY reason ORDER BY people DESC, reason;

-- name: zones
-- One row per time zone of those who are sent to.
SELECT zone, count(*) AS people FROM plan_rows WHERE lane IS NOT NULL AND zone IS NOT NULL GROUP BY zone ORDER BY zone;

-- name: totals
-- One row: how many people are meant, and of how many who are sent to the time zone is not known.
SELECT count(*), count(*) FILTER (is_zone_guessed) FROM plan_rows;

-- name: values
-- One row per distinct set of values that texts are filled with, the most common first.
SELECT fields FROM plan_rows WHERE fields IS NOT NULL AND fields <> '{}' GROUP BY fields ORDER BY count(*) DESC, fields LIMIT $limit;

-- name: freeze
-- Writes one row per person of the audience, in the order of their ids, without the tokens themselves.
COPY (SELECT * EXCLUDE (token, is_zone_guessed) FROM plan_rows ORDER BY psid) TO $file (FORMAT parquet, COMPRESSION zstd);

-- name: reserve
-- One row per person who is sent to, as the ledger reserves them.
SELECT psid, lane, variant, topic, replace(token_key::VARCHAR, '-', ''), token, fields, zone, permission_ends_at
FROM plan_rows
WHERE lane IS NOT NULL
ORDER BY psid;

-- name: changes
-- One row per way in which people stand otherwise than in the frozen plan: what was, what is, how many.
SELECT
    coalesce(f.lane, f.reason, 'not_meant') AS was, coalesce(n.lane, n.reason, 'not_meant') AS is_, count(*) AS people
FROM read_parquet($file) AS f
FULL JOIN plan_rows AS n ON n.psid = f.psid
WHERE coalesce(f.lane, f.reason, 'not_meant') <> coalesce(n.lane, n.reason, 'not_meant')
GROUP BY ALL
ORDER BY people DESC, was, is_;

-- name: enforcement
-- One row: the last thing that Meta did to the Page by then.
SELECT action, reason, occurred_at FROM policy_events WHERE page_id = $page_id AND occurred_at <= $at ORDER BY occurred_at DESC LIMIT 1;
