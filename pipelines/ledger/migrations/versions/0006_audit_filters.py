"""Ways into the audit chain: by who did it, by what was done, and by when."""

from alembic import op

revision = "0006"
down_revision = "0005"

_BY = {"actor": "actor", "action": "action", "time": "at"}


def upgrade() -> None:
    """Make an index for each thing that entries are looked for by; that by campaign is there already."""
    for name, column in _BY.items():
        op.create_index(f"audit_entries_by_{name}", "audit_entries", [column, "entry_id"])


def downgrade() -> None:
    """Take them away again."""
    for name in _BY:
        op.drop_index(f"audit_entries_by_{name}", "audit_entries")
