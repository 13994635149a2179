"""Queued sends → Graph API → outcomes."""
