-- One row per (page_id, psid) seen in any event with a time.

-- name: contacts
MERGE INTO contacts AS t
USING (
    SELECT page_id, psid, min(occurred_at) AS first_seen_at, max(occurred_at) AS last_seen_at, hash(page_id, psid) AS contact_key
    FROM chunk_new
    WHERE psid <> '' AND occurred_at IS NOT NULL
    GROUP BY page_id, psid
) AS s
ON t.contact_key = s.contact_key
WHEN MATCHED AND (s.first_seen_at < t.first_seen_at OR s.last_seen_at > t.last_seen_at) THEN UPDATE SET
    first_seen_at = least(t.first_seen_at, s.first_seen_at),
    last_seen_at = greatest(t.last_seen_at, s.last_seen_at)
WHEN NOT MATCHED THEN INSERT VALUES (s.page_id, s.psid, s.first_seen_at, s.last_seen_at, s.contact_key);
