-- One row per (page_id, psid) seen in any event with a time.

-- name: seen
CREATE OR REPLACE TEMP TABLE chunk_contacts AS
SELECT page_id, psid, min(occurred_at) AS first_seen_at, hash(page_id, psid) AS contact_key
FROM chunk_new
WHERE psid <> '' AND occurred_at IS NOT NULL
GROUP BY page_id, psid;

-- name: seen_earlier
UPDATE contacts AS t SET first_seen_at = s.first_seen_at
FROM chunk_contacts AS s
WHERE t.contact_key = s.contact_key AND s.first_seen_at < t.first_seen_at;

-- name: contacts
INSERT INTO contacts
SELECT s.page_id, s.psid, s.first_seen_at, s.contact_key
FROM chunk_contacts AS s ANTI JOIN contacts AS t ON t.contact_key = s.contact_key;
