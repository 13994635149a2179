-- One row per (kind of choice, slot): tables in which a draw finds its zone, hour, topic or text.
CREATE TEMP TABLE zone_slots AS
WITH bounds AS (
    SELECT page_no, unnest(zones, max_depth := 2), generate_subscripts(zones, 1) AS nth FROM pages
), ranges AS (
    SELECT *, (sum(share) OVER (PARTITION BY page_no ORDER BY nth) - share)::BIGINT AS from_slot FROM bounds
)
SELECT page_no, slot, zone, works FROM ranges, range(100) AS slots(slot)
WHERE slot >= from_slot AND slot < from_slot + share;

CREATE TEMP TABLE hour_slots AS
WITH weights AS (
    SELECT page_no, false AS is_weekend, unnest(hours_weekday) AS weight, unnest(range(24)) AS hour FROM pages
    UNION ALL
    SELECT page_no, true, unnest(hours_weekend), unnest(range(24)) FROM pages
), ranges AS (
    SELECT *, sum(weight) OVER (PARTITION BY page_no, is_weekend ORDER BY hour) AS upto,
        sum(weight) OVER (PARTITION BY page_no, is_weekend) AS total
    FROM weights
)
SELECT page_no, is_weekend, slot, hour::BIGINT AS hour FROM ranges, range(1024) AS slots(slot)
WHERE slot >= (upto - weight) * 1024 // total AND slot < upto * 1024 // total;

-- How far a zone's clock is ahead of UTC on that day.
CREATE TEMP TABLE zone_days AS
SELECT zone, day_no, epoch_ms(noon) - epoch_ms(timezone(zone, noon)) AS ahead_ms
FROM (SELECT DISTINCT zone FROM zone_slots), (SELECT day_no, day + INTERVAL 12 HOUR AS noon FROM calendar);

CREATE TEMP TABLE topic_days AS
WITH phases AS (SELECT page_no, topic_no, unnest(phases, max_depth := 2) FROM topics),
shares AS (
    SELECT page_no, day_no, topic_no, (share * 1000000)::BIGINT AS share
    FROM phases JOIN day_weights USING (page_no) WHERE x >= "from" AND x < "to"
)
SELECT *, (sum(share) OVER (PARTITION BY page_no, day_no ORDER BY topic_no) - share)::BIGINT AS from_draw FROM shares;

CREATE TEMP TABLE campaigns AS
WITH planned AS (
    SELECT page_no, topic_no, fresh_days * 86400000 AS fresh_ms,
        row_number() OVER (PARTITION BY topic_no ORDER BY c."when") AS nth,
        c.share AS share, c.minutes * 60000 AS lasting_ms, c.hour * 3600000 AS hour_ms,
        date_trunc('day', make_timestamp_ms(moment_ms(c."when"))) AS day
    FROM (SELECT page_no, topic_no, fresh_days, unnest(campaigns) AS c FROM topics)
)
SELECT topic_no, topic_no * 100 + nth AS campaign_no, planned.share, lasting_ms, fresh_ms,
    epoch_ms(timezone(pages.zone, day)) + hour_ms AS begins_ms
FROM planned JOIN pages USING (page_no);

CREATE TEMP TABLE text_slots AS
WITH pools AS (
    SELECT row_number() OVER () AS pool_no, unnest(from_json(getvariable('texts')->'pool',
        '[{"role": "VARCHAR", "language": "VARCHAR", "lines": [["VARCHAR"]]}]'), max_depth := 2)
), wares AS (
    SELECT unnest(from_json(getvariable('texts')->'wares',
        '[{"page_no": "BIGINT", "language": "VARCHAR", "items": ["VARCHAR"], "options": ["VARCHAR"]}]'), max_depth := 2)
), drawn AS (
    SELECT *, (pool_no * 2 + page_no) * 2048 + slot AS id, lines[1 + pick(id, 'line', len(lines))] AS line,
        -- The low four bits are the conversation's: what it is about does not change from line to line.
        items[1 + (slot & 15) % len(items)] AS item, options[1 + (slot & 15) * 7 % len(options)] AS option
    FROM pools JOIN wares USING (language), range(2048) AS slots(slot)
)
SELECT page_no, language, role, slot, filled[1] AS text, filled[2] AS reply, filled[3] AS payload
FROM (SELECT *, [replace(replace(replace(part, '{item}', item), '{option}', option),
    '{order}', (10240 + pick(id, 'order', 79000))::VARCHAR) FOR part IN line] AS filled FROM drawn);

CREATE TEMP TABLE alerts AS
SELECT topics.page_no, topics.topic_no, topics.topic, title, button, lines
FROM (SELECT unnest(from_json(getvariable('texts')->'alert',
    '[{"topic": "VARCHAR", "title": "VARCHAR", "button": "VARCHAR", "lines": ["VARCHAR"]}]'), max_depth := 2))
JOIN topics USING (topic);

CREATE TEMP TABLE adverts AS
SELECT page_no, list({'ad_id': ad_id, 'ad_title': ad_title} ORDER BY ad_id) AS adverts
FROM (SELECT unnest(from_json(getvariable('texts')->'advert',
    '[{"page_no": "BIGINT", "ad_id": "VARCHAR", "ad_title": "VARCHAR"}]'), max_depth := 2))
GROUP BY page_no;

CREATE TEMP TABLE subscriptions AS
SELECT page_no, list({'title': title, 'payload': payload} ORDER BY payload) AS offers
FROM (SELECT unnest(from_json(getvariable('texts')->'subscription',
    '[{"page_no": "BIGINT", "title": "VARCHAR", "payload": "VARCHAR"}]'), max_depth := 2))
GROUP BY page_no;
