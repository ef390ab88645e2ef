"""Run migrations on the connection that `contractnet.ledger.schema.migrate` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from contractnet.ledger.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
