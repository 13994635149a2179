-- What the alerts ask of Meta's acts against Pages.

-- name: last_acts_since
-- One row: from which hour on the last act against every Page lies; NULL where there was none. The hours are few, events many.
SELECT min(last_hour) FROM (
    SELECT max(hour) AS last_hour FROM event_hourly WHERE kind = 'policy_enforcement' AND hour <= $at GROUP BY page_id
);

-- name: last_acts
-- One row per Page: Meta's last act against it.
SELECT page_id, arg_max(action, occurred_at), arg_max(reason, occurred_at), max(occurred_at)
FROM policy_events
WHERE occurred_at >= $since AND occurred_at <= $at
GROUP BY page_id
ORDER BY page_id;
