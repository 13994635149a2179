"""Campaigns as the pages show them, from the list to what came of one."""
