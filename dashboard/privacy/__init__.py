"""Forgetting people, as the page does it."""
