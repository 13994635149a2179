-- One row per line that arrives after the slice's end and is written with a later one.
CREATE OR REPLACE TEMP TABLE lines AS FROM lines WHERE sort_ms >= getvariable('until_ms');
