-- Texts that no answer is kept for yet, and findings about texts spread over the messages that carried them.

-- name: unanswered
SELECT DISTINCT o.text_key, o.lane, o.topic, o.regime, t.text
FROM outbound AS o
JOIN sent_texts AS t USING (text_key)
ANTI JOIN text_answers AS a
    ON a.text_key = o.text_key AND a.lane IS NOT DISTINCT FROM o.lane AND a.topic IS NOT DISTINCT FROM o.topic AND a.regime = o.regime
ORDER BY ALL;

-- name: keep_answers
INSERT INTO text_answers SELECT * FROM new_answers;

-- name: keep_findings
INSERT INTO text_findings SELECT * FROM new_findings;

-- name: content
INSERT INTO findings
SELECT o.event_id, o.page_id, o.psid, o.sent_at, o.lane, o.text_key, f.rule, f.kind, f.severity, f.span_from, f.span_to, f.reason, f.source, f.advice
FROM outbound AS o
JOIN touched AS t ON t.page_id = o.page_id AND t.psid = o.psid AND o.sent_at BETWEEN t.from_at AND t.to_at
JOIN text_findings AS f
    ON f.text_key = o.text_key AND f.lane IS NOT DISTINCT FROM o.lane AND f.topic IS NOT DISTINCT FROM o.topic AND f.regime = o.regime;

-- name: done
DELETE FROM audit_state;
INSERT INTO audit_state SELECT $rules_hash, min(first_event_at), $batch, $audited_at FROM sources;

-- name: changed
-- What pages kept of before is no longer true. In a transaction of its own: loads count on in theirs, and one would undo the other.
UPDATE warehouse_state SET version = version + 1;

-- name: counts
SELECT
    (SELECT count(*) FROM outbound) AS messages,
    (SELECT count(*) FROM text_answers) AS answers,
    (SELECT count(*) FROM findings) AS findings,
    (SELECT count(*) FROM findings WHERE severity = 'block') AS blocks;
