"""The trail as the page shows it."""
