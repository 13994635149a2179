"""The ledger's layout, step by step."""
