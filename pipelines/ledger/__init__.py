"""What cannot be rebuilt from the logs: SQLite beside the warehouse, or PostgreSQL by URL."""
