-- What can be looked at in a frozen plan, a Parquet file that the planner wrote.

-- name: examples
-- One row per variant: the first person, by id, who gets it.
SELECT variant, min(psid) AS psid, arg_min(lane, psid) AS lane, arg_min(fields, psid) AS fields
FROM read_parquet($file)
WHERE lane IS NOT NULL
GROUP BY variant
ORDER BY variant;
