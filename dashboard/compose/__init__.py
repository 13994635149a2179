"""Writing a campaign: the form, and beside it who would get it."""
