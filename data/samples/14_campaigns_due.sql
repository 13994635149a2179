-- One row per past campaign that begins within the slice, in order.
SELECT campaign_no FROM campaigns WHERE begins_ms >= $from_ms AND begins_ms < $until_ms ORDER BY begins_ms, campaign_no;
