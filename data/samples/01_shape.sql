-- One row per page, zone of a page, phase and campaign of a topic, enforcement and follow-up: sample.toml (follow-ups: texts.toml) as tables.
CREATE TEMP TABLE pages AS
SELECT unnest(from_json(getvariable('shape')->'page', '[{
    "page_no": "BIGINT", "id": "VARCHAR", "instagram_id": "VARCHAR", "zone": "VARCHAR",
    "language": "VARCHAR", "other_language": "VARCHAR", "share": "DOUBLE", "instagram": "DOUBLE", "growth": ["DOUBLE"],
    "new_people": ["DOUBLE"], "known_before": "DOUBLE", "weekdays": ["DOUBLE"], "hours_weekday": ["BIGINT"],
    "hours_weekend": ["BIGINT"], "refs": ["VARCHAR"],
    "zones": [{"zone": "VARCHAR", "share": "BIGINT", "works": "BOOLEAN"}],
    "peaks": [{"from": "VARCHAR", "to": "VARCHAR", "factor": "DOUBLE"}]}]'), max_depth := 2);

CREATE TEMP TABLE topics AS
SELECT row_number() OVER ()::BIGINT - 1 AS topic_no, *
FROM (SELECT unnest(from_json(getvariable('shape')->'topic', '[{
    "page_no": "BIGINT", "topic": "VARCHAR", "fresh_days": "BIGINT",
    "phases": [{"from": "DOUBLE", "to": "DOUBLE", "share": "DOUBLE"}],
    "campaigns": [{"when": "DOUBLE", "share": "DOUBLE", "hour": "BIGINT", "minutes": "BIGINT"}]}]'), max_depth := 2));

CREATE TEMP TABLE enforcements AS
SELECT row_number() OVER ()::BIGINT AS enforcement_no, *
FROM (SELECT unnest(from_json(getvariable('shape')->'enforcement',
    '[{"page_no": "BIGINT", "when": "DOUBLE", "action": "VARCHAR", "reason": "VARCHAR"}]'), max_depth := 2));

CREATE TEMP TABLE follow_ups AS
SELECT row_number() OVER ()::BIGINT AS follow_up_no, *
FROM (SELECT unnest(from_json(getvariable('texts')->'follow_up', '[{"page_no": "BIGINT", "from": "DOUBLE", "to": "DOUBLE",
    "share": "DOUBLE", "hours": "BIGINT", "lane": "VARCHAR", "zh": "VARCHAR", "en": "VARCHAR"}]'), max_depth := 2));

CREATE TEMP TABLE marketing_rates AS
SELECT day, share, lag(day, 1, DATE '0001-01-01') OVER (ORDER BY day) AS since
FROM (SELECT unnest(from_json(getvariable('shape')->'marketing'->'until',
    '[{"day": "DATE", "share": "DOUBLE"}]'), max_depth := 2));
