-- name: settle_in
-- One row per entry of the chain that is about the campaign.
CREATE OR REPLACE TEMP TABLE audit_trail (
    entry_id BIGINT, "at" TIMESTAMP, actor VARCHAR, action VARCHAR, campaign_id VARCHAR, page_id VARCHAR, detail VARCHAR,
    previous_hash VARCHAR, hash VARCHAR
);

-- name: add
-- Takes all those entries, a JSON list of objects.
INSERT INTO audit_trail
SELECT unnest(from_json($rows, '[{"entry_id":"BIGINT","at":"TIMESTAMP","actor":"VARCHAR","action":"VARCHAR","campaign_id":"VARCHAR",
    "page_id":"VARCHAR","detail":"VARCHAR","previous_hash":"VARCHAR","hash":"VARCHAR"}]'), recursive := true);

-- name: sends
-- One row per send: the ledger's word on it, and the logs'.
SELECT
    send_id, person, psid, page_id, lane, variant, topic, token_key, permission_ends_at, state, state_at, attempts, reason, words,
    settled_by, mid, trace, echo_at, delivered_at, read_at, replied_at, stopped_at
FROM audit_lineage ORDER BY send_id;

-- name: lineage
-- One row per send: the permission it rests on, with its line in the logs, and who let it go out.
FROM audit_lineage ORDER BY send_id;

-- name: entries
-- One row per entry of the chain, exactly as it was hashed.
FROM audit_trail ORDER BY entry_id;
