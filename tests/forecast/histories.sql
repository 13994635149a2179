-- The models of a made history, out of its tokens: number, topic, given, used (NULL: never) and ends.

-- name: spans
INSERT INTO token_spans
SELECT
    md5(number::VARCHAR)::UUID, $page, 'otn', topic, hash(number), 'available', given, least(used, ends), given, ends
FROM made
UNION ALL
SELECT
    md5(number::VARCHAR)::UUID, $page, 'otn', topic, hash(number),
    CASE WHEN used IS NULL THEN 'expired' ELSE 'spent' END, least(used, ends), TIMESTAMP '9999-12-31', given, ends
FROM made;

-- name: tokens
INSERT INTO tokens
SELECT
    md5(number::VARCHAR), 'otn', $page, 'p' || number, topic, given, ends, ends, 'available', used, NULL, 'unknown', uuid(),
    md5(number::VARCHAR)::UUID
FROM made;

-- name: source
INSERT INTO sources (source_file, lines, event_lines, duplicate_lines, reject_lines, first_event_at, last_event_at)
VALUES ('made', 0, 0, 0, 0, $first, $last);
