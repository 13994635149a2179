-- One row per slice: what was written.
SELECT
    count(*) + count(*) FILTER (is_torn(tie, copy) OR has_junk(tie, copy)) AS lines,
    coalesce(sum(count_events) FILTER (copy = ''), 0)::BIGINT AS events,
    coalesce(sum(count_events) FILTER (copy <> ''), 0)::BIGINT AS duplicates,
    coalesce(sum(count_events) FILTER (copy = 'standby'), 0)::BIGINT AS standby_copies,
    count(*) FILTER (is_torn(tie, copy)) AS torn_lines,
    count(*) FILTER (has_junk(tie, copy) AND NOT is_torn(tie, copy)) AS junk_lines
FROM lines WHERE sort_ms < getvariable('until_ms');
