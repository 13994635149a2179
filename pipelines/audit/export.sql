-- name: guard
-- Text that a spreadsheet would take for a formula gets a quote before it.
CREATE OR REPLACE TEMP MACRO guarded(told) AS CASE WHEN regexp_matches(told, '^\s*[=+@\t\r-]') THEN '''' || told ELSE told END;

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

-- name: sends.parquet
-- One row per send: the ledger's word on it, and the logs'.
SELECT
    send_id, person, psid, page_id, lane, variant, topic, token_key, permission_ends_at, state, state_at, attempts, reason, words,
    settled_by, mid, trace, echo_at, delivered_at, read_at, replied_at, stopped_at
FROM audit_lineage ORDER BY send_id;

-- name: sends.csv
-- One row per send, its texts harmless in a spreadsheet.
SELECT
    send_id, person, psid, page_id, lane, guarded(variant) AS variant, guarded(topic) AS topic, token_key, permission_ends_at, state,
    state_at, attempts, guarded(reason) AS reason, guarded(words) AS words, guarded(settled_by) AS settled_by, guarded(mid) AS mid,
    guarded(trace) AS trace, echo_at, delivered_at, read_at, replied_at, stopped_at
FROM audit_lineage ORDER BY send_id;

-- name: lineage.parquet
-- One row per send: the permission it rests on, with its line in the logs, and who let it go out.
FROM audit_lineage ORDER BY send_id;

-- name: lineage.csv
-- One row per send, its texts harmless in a spreadsheet.
SELECT * REPLACE (
    guarded(variant) AS variant, guarded(topic) AS topic, guarded(agreed_title) AS agreed_title,
    guarded(agreed_payload) AS agreed_payload, guarded(permission_file) AS permission_file, guarded(approved_by) AS approved_by,
    guarded(approval_reason) AS approval_reason, guarded(launched_by) AS launched_by, guarded(reason) AS reason,
    guarded(words) AS words, guarded(settled_by) AS settled_by, guarded(mid) AS mid, guarded(trace) AS trace
)
FROM audit_lineage ORDER BY send_id;

-- name: entries.parquet
-- One row per entry of the chain, exactly as it was hashed.
FROM audit_trail ORDER BY entry_id;

-- name: entries.csv
-- One row per entry of the chain, its texts harmless in a spreadsheet.
SELECT * REPLACE (guarded(actor) AS actor, guarded(campaign_id) AS campaign_id, guarded(detail) AS detail) FROM audit_trail ORDER BY entry_id;
