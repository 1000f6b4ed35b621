"""What Alembic runs: migrations on the connection it was handed, inside that connection's transaction."""

from alembic import context

from harness.store.schema import VERSION_TABLE, metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE)
context.run_migrations()
