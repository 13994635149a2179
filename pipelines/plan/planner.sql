-- What is chosen for every person of plan_audience at one moment, $at (naive UTC), and what that comes to.

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
        END AS lane,
        CASE WHEN $holdout > 0 THEN md5_number_lower($campaign_id || ' holds out ' || psid) / 18446744073709551616.0 ELSE 1.0 END AS holdout_draw,
        CASE WHEN len($variant_ends::DOUBLE[]) > 0 THEN md5_number_lower($campaign_id || ' words for ' || psid) / 18446744073709551616.0 END AS variant_draw
    FROM plan_audience
),
worded AS (
    SELECT *, 1 + coalesce(len(list_filter($variant_ends::DOUBLE[], lambda ends_at: ends_at <= variant_draw)), 0) AS variant_number
    FROM laned
),
judged AS (
    SELECT
        *,
        CASE
            WHEN is_excluded THEN 'excluded'
            WHEN is_messaged_lately THEN 'messaged_lately'
            WHEN is_capped THEN 'frequency_cap'
            WHEN lane IS NOT NULL THEN
                CASE
                    WHEN holdout_draw < $holdout THEN 'holdout'
                    WHEN len(list_filter($demanded[variant_number]::VARCHAR[], lambda name: json_extract_string(fields, '$.' || name) IS NULL)) > 0
                        THEN 'field_missing'
                END
            WHEN len($lanes::VARCHAR[]) = 0 THEN 'no_lane_open'
            WHEN closes_at IS NOT NULL THEN 'window_not_used'
            WHEN otn IS NOT NULL OR (marketing IS NOT NULL AND NOT is_cooling) THEN 'token_not_used'
            WHEN marketing IS NOT NULL THEN 'marketing_cooling'
            WHEN is_paid_only THEN 'token_paid_only'
            WHEN fate IS NOT NULL THEN 'token_' || fate
            ELSE 'no_permission'
        END AS reason
    FROM worded
)
SELECT
    psid, CASE WHEN reason IS NULL THEN lane END AS lane, CASE WHEN reason IS NULL THEN $variants[variant_number] END AS variant, reason,
    CASE WHEN reason IS NULL AND lane IN ('otn', 'marketing') THEN $topic END AS topic,
    CASE WHEN reason IS NOT NULL THEN NULL WHEN lane = 'otn' THEN otn.token_key WHEN lane = 'marketing' THEN marketing.token_key END AS token_key,
    CASE WHEN reason IS NULL THEN fields END AS fields,
    CASE WHEN reason IS NULL THEN coalesce(zone, $zone) END AS zone,
    CASE WHEN reason IS NOT NULL THEN NULL WHEN lane = 'standard_window' THEN closes_at WHEN lane = 'otn' THEN otn.ends_at WHEN lane = 'marketing' THEN nullif(marketing.ends_at, TIMESTAMP '9999-12-31') ELSE $free_until END AS permission_ends_at,
    zone IS NULL AND $zone IS NOT NULL AND reason IS NULL AS is_zone_guessed
FROM judged;

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
SELECT fields FROM plan_rows WHERE fields <> '{}' GROUP BY fields ORDER BY count(*) DESC, fields LIMIT $limit;

-- name: freeze
-- Writes one row per person of the audience, in the order of their ids.
COPY (SELECT * EXCLUDE (is_zone_guessed) FROM plan_rows ORDER BY psid) TO $file (FORMAT parquet, COMPRESSION zstd);

-- name: reserve
-- One row per person who is sent to, as the ledger reserves them. The tokens themselves are looked up here, and in no plan.
SELECT
    r.psid, r.lane, r.variant, r.topic, replace(r.token_key::VARCHAR, '-', ''), t.token, r.fields, r.zone, r.permission_ends_at
FROM plan_rows AS r
LEFT JOIN (SELECT token_key, psid, token FROM tokens WHERE page_id = $page_id) AS t ON t.token_key = r.token_key AND t.psid = r.psid
WHERE r.lane IS NOT NULL
ORDER BY r.psid;

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
