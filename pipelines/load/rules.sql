-- The rule book as small tables. Each is made from $rows, a JSON list of objects; times are UTC, [since, until).

-- name: rule_openers
CREATE OR REPLACE TEMP TABLE rule_openers AS
SELECT unnest(from_json($rows, '[{"kind":"VARCHAR","object":"VARCHAR","equals_path":"VARCHAR","equals_value":"VARCHAR","present_path":"VARCHAR",
    "absent_path":"VARCHAR","opens":"BOOLEAN","since":"TIMESTAMP","until":"TIMESTAMP"}]'), recursive := true);

-- name: rule_window_hours
CREATE OR REPLACE TEMP TABLE rule_window_hours AS
SELECT unnest(from_json($rows, '[{"hours":"INTEGER","since":"TIMESTAMP","until":"TIMESTAMP"}]'), recursive := true);

-- name: rule_lifetimes
CREATE OR REPLACE TEMP TABLE rule_lifetimes AS
SELECT unnest(from_json($rows, '[{"kind":"VARCHAR","frequency":"VARCHAR","months":"INTEGER","days":"INTEGER","since":"TIMESTAMP","until":"TIMESTAMP"}]'), recursive := true);

-- name: rule_closures
CREATE OR REPLACE TEMP TABLE rule_closures AS
SELECT kind, region, min(since) AS since, max(given_before) AS given_before
FROM (SELECT unnest(from_json($rows, '[{"kind":"VARCHAR","region":"VARCHAR","since":"TIMESTAMP","until":"TIMESTAMP","given_before":"TIMESTAMP"}]'), recursive := true))
WHERE until >= TIMESTAMP '9999-01-01'
GROUP BY kind, region;

-- name: rule_regions
CREATE OR REPLACE TEMP TABLE rule_regions AS
SELECT unnest(from_json($rows, '[{"zone":"VARCHAR","region":"VARCHAR"}]'), recursive := true);

-- name: rule_topics
CREATE OR REPLACE TEMP TABLE rule_topics AS
SELECT unnest(from_json($rows, '[{"written":"VARCHAR","topic":"VARCHAR"}]'), recursive := true);
