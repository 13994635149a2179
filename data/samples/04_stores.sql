-- Empty tables that grow from slice to slice: lines not yet written, and what opt-ins will bring about later.
-- one row per line of the log: a POST of Meta's, kept in parts because a repeat differs in its time alone
CREATE TEMP TABLE lines (
    sort_ms BIGINT, tie BIGINT, received_ms BIGINT, object VARCHAR, account VARCHAR, channel VARCHAR,
    items VARCHAR, count_events BIGINT, slice_no BIGINT,
    copy VARCHAR /* '', or what makes it not the first: standby, repeat */);

-- one row per one-time opt-in so far
CREATE TEMP TABLE optins_given (optin_no BIGINT, topic_no BIGINT, person_key BIGINT, opted_in_ms BIGINT);

-- one row per one-time token that a past campaign spends
CREATE TEMP TABLE sends (sent_ms BIGINT, optin_no BIGINT, campaign_no BIGINT, topic_no BIGINT, person_key BIGINT);

-- one row per later change of a marketing opt-in: stop, resume, or renewal after its end
CREATE TEMP TABLE changes (
    changed_ms BIGINT, optin_no BIGINT, account VARCHAR, psid VARCHAR, zone VARCHAR, title VARCHAR, payload VARCHAR,
    token VARCHAR, expires_ms BIGINT, user_status VARCHAR, status VARCHAR, nth BIGINT);

-- Both leave a whole line beside the spoilt one.
CREATE MACRO line_id(tie, copy) AS (tie + length(copy)) % 2147483647;
CREATE MACRO is_torn(tie, copy) AS chance(line_id(tie, copy), 'torn', rate('torn'));
CREATE MACRO has_junk(tie, copy) AS chance(line_id(tie, copy), 'junk', rate('junk'));
CREATE MACRO is_due(ms) AS ms >= getvariable('from_ms') AND ms < getvariable('until_ms');
