"""Rows that were changed leave copies in the database's file. After an erasure they have to go too."""

from pathlib import Path

from sqlalchemy import Engine

from pipelines.statements import statements

_SQL = statements(Path(__file__).with_name("tidy.sql"))


def leave_no_traces(ledger: Engine) -> None:
    """Write an SQLite ledger anew. PostgreSQL clears its own pages, as its autovacuum is set."""
    if ledger.dialect.name != "sqlite":
        return
    with ledger.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in _SQL.values():
            connection.exec_driver_sql(statement)
