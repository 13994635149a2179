"""Alerts on the pages, and the Overview as a report."""
