"""Stage 2: logs into events and rejects."""
