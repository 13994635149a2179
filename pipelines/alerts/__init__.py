"""What wants somebody now: found every minute, written down, and told once by Slack and by mail."""
