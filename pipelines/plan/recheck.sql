-- What newly loaded events mean for sends that are queued already.

-- name: lost
-- One row per queued send whose token is not available any more, with what became of it.
SELECT q.send_id, s.state
FROM queued_sends AS q
JOIN token_spans AS s ON s.token_key = CAST(q.token_key AS UUID) AND s.page_id = q.page_id
WHERE s.from_at <= $at AND s.to_at > $at AND s.state IN ('revoked', 'stranded', 'expired');

-- name: opened
-- One row per queued send by a token to a person whose window is open by now: until when it is.
SELECT q.send_id, q.campaign_id, w.closes_at
FROM queued_sends AS q
JOIN windows AS w ON w.psid = q.psid AND w.page_id = q.page_id AND w.opened_at <= $at AND w.closes_at > $at
WHERE q.token_key IS NOT NULL;

-- name: moved
-- One row per queued send whose person's window, or whose token, ends at another time than the plan knew.
SELECT q.send_id, coalesce(w.closes_at, s.ends_at) AS ends_at
FROM queued_sends AS q
LEFT JOIN windows AS w
    ON q.lane = 'standard_window' AND w.psid = q.psid AND w.page_id = q.page_id AND w.opened_at <= $at AND w.closes_at > $at
LEFT JOIN token_spans AS s
    ON s.token_key = CAST(q.token_key AS UUID) AND s.page_id = q.page_id AND s.from_at <= $at AND s.to_at > $at AND s.state = 'available'
WHERE coalesce(w.closes_at, s.ends_at) < TIMESTAMP '9999-12-31'
    AND coalesce(w.closes_at, s.ends_at) IS DISTINCT FROM CAST(q.permission_ends_at AS TIMESTAMP);
