-- The tables of the audit of history. Derived from events and the rule book: drop them, audit again, and they are equal.

-- One row per message that a Page sent. lane is NULL where the log names none and no permission was open; is_told: the log names it.
-- heard_at: the person's last window-opening act before; answered_after_ms: since their last act of any kind.
CREATE TABLE IF NOT EXISTS outbound (
    event_id UUID, page_id VARCHAR, psid VARCHAR, sent_at TIMESTAMP, lane VARCHAR, is_told BOOLEAN, is_in_window BOOLEAN,
    heard_at TIMESTAMP, answered_after_ms BIGINT, topic VARCHAR, token_key UUID, text_key UUID, near_key UUID, regime DATE
);

-- One row per distinct text sent, as it was written.
CREATE TABLE IF NOT EXISTS sent_texts (text_key UUID, text VARCHAR);

-- One row per distinct (text, lane, topic, regime) that was linted; the regime is the day on which the rules last changed.
CREATE TABLE IF NOT EXISTS text_answers (
    text_key UUID, lane VARCHAR, topic VARCHAR, regime DATE, promotional DOUBLE, verdict VARCHAR
);

-- One row per finding about such a text. [span_from, span_to) are characters of it; NULL where no word is meant.
CREATE TABLE IF NOT EXISTS text_findings (
    text_key UUID, lane VARCHAR, topic VARCHAR, regime DATE, rule VARCHAR, kind VARCHAR, severity VARCHAR,
    span_from INTEGER, span_to INTEGER, reason VARCHAR, source VARCHAR, advice VARCHAR
);

-- One row per finding about a message that was sent, or (psid '') about the Page itself.
CREATE TABLE IF NOT EXISTS findings (
    event_id UUID, page_id VARCHAR, psid VARCHAR, sent_at TIMESTAMP, lane VARCHAR, text_key UUID, rule VARCHAR, kind VARCHAR,
    severity VARCHAR, span_from INTEGER, span_to INTEGER, reason VARCHAR, source VARCHAR, advice VARCHAR
);

-- One row: the rules the findings hold for, the moment their log begins, the last batch of events they cover, and when they were made.
CREATE TABLE IF NOT EXISTS audit_state (rules_hash VARCHAR, begins_at TIMESTAMP, batch BIGINT, audited_at TIMESTAMP);
