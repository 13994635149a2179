-- One row per token that one campaign spends: of each person it picks, the oldest token that is fresh enough.
INSERT INTO sends
SELECT c.begins_ms + pick(optin_no, 'send', c.lasting_ms), optin_no, c.campaign_no, c.topic_no, person_key
FROM optins_given AS o ANTI JOIN sends USING (optin_no)
JOIN campaigns AS c ON c.campaign_no = $campaign_no AND c.topic_no = o.topic_no
    AND o.opted_in_ms BETWEEN c.begins_ms - c.fresh_ms AND c.begins_ms - 1800000
WHERE chance(person_key + 7919 * c.campaign_no, 'spend', c.share)
QUALIFY row_number() OVER (PARTITION BY person_key ORDER BY opted_in_ms) = 1;
