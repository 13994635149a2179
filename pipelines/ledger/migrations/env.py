"""Alembic runs this with the connection that `open_ledger` hands over."""

from alembic import context

from pipelines.ledger import schema_alerts, schema_app, schema_drafts  # noqa: F401  tables of the same metadata
from pipelines.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
