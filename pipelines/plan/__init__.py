"""Audience and message → a lane for each person, or why none."""
