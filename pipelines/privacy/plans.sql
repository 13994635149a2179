-- Frozen plans, each a Parquet file of its own.

-- name: names
SELECT count(*) FROM read_parquet($file) WHERE psid = $psid;

-- name: rewrite
-- Writes the same people in the same order, one of them under a pseudonym and without the values of their fields.
COPY (
    SELECT * REPLACE (
        CASE WHEN psid = $psid THEN $name ELSE psid END AS psid,
        CASE WHEN psid = $psid THEN NULL ELSE fields END AS fields,
        CASE WHEN psid = $psid THEN NULL ELSE zone END AS zone
    )
    FROM read_parquet($file, file_row_number = false)
) TO $draft (FORMAT parquet, COMPRESSION zstd);
