"""Alembic's entry: runs on the connection `database.upgrade()` hands over, in its transaction."""

from alembic import context

from fannel.incidents.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
