-- One row per log file to write, in order: the days whose conversations it begins with.
SELECT slice_no, first_day, last_day, last_day_ms, is_last FROM slices ORDER BY slice_no;
