"""Forgets people, and what is kept for so long only: in logs, warehouse, ledger and exports, at later loads too."""
