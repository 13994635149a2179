-- One row per line, in order of arrival; a row with a torn line or junk holds two.
COPY (
    WITH whole AS (
        SELECT sort_ms, tie, copy, concat('{"object":"', object, '","entry":[{"id":"', account, '","time":',
            if(channel = 'changes', received_ms // 1000, received_ms), ',"', channel, '":[', items, ']}]}') AS line
        FROM lines WHERE sort_ms < getvariable('until_ms')
    )
    SELECT CASE
        WHEN is_torn(tie, copy) THEN
            concat(left(line, 20 + pick(line_id(tie, copy), 'cut', length(line) - 40)), chr(10), line)
        WHEN has_junk(tie, copy) THEN concat(line, chr(10), [
            '-- receiver restarted --', '"GET /webhook?hub.mode=subscribe HTTP/1.1" 200',
            '{"object":"page","entry":[]}', '{"status":"ok"}', 'null'][1 + pick(line_id(tie, copy), 'junk text', 5)])
        ELSE line END
    FROM whole ORDER BY sort_ms, tie, copy
) TO $path (FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', ESCAPE '');
