-- How a person is shown, for all other queries of the pages.

-- name: person_of
-- Defines what stands for a person: a pseudonym that only the home's key can make, or the id where the key is NULL.
CREATE OR REPLACE TEMP MACRO person_of(pseudonym_key, page_id, psid) AS
CASE WHEN pseudonym_key IS NULL THEN psid
    ELSE 'person-' || left(sha256(pseudonym_key || page_id || '/' || psid), 10) END;
