"""The one table of a ledger, and its version.

The version is the last migration (`migrations/versions`) that was run on the file; it is compared with HEAD before
anything else, and only where it differs alembic is imported, which takes longer than opening the file. A new file is
made without it, as all migrations together would make it: the tests compare the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    inspect,
    text,
)

from contractnet.errors import LedgerUnusable

METADATA = MetaData()

#: an Integer key is SQLite's own row number: entries lie in the file in their order
_POSITION = BigInteger().with_variant(Integer(), "sqlite")

ENTRY = Table(
    "entry",
    METADATA,
    Column("position", _POSITION, primary_key=True, autoincrement=False),
    Column("agent", Text, nullable=False),
    Column("conversation", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("direction", Text),
    Column("sender", Text),
    Column("message_id", Text),
    Column("body", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    # The conversation first: the same index then finds the entries of one conversation.
    Index("entry_version", "conversation", "agent", "version", unique=True),
    Index(
        "entry_message",
        "message_id",
        "sender",
        "direction",
        "agent",
        unique=True,
        # Without postgresql_where, which the migrations have: it alone imports that dialect, in every process.
        sqlite_where=text("message_id IS NOT NULL"),
    ),
)

#: alembic's own, apart from METADATA, which it compares
VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

#: every migration, oldest first
REVISIONS = ("r0001",)
HEAD = REVISIONS[-1]


def revision(connection: Connection, name: str) -> str:
    """The version of the tables in the database called `name` in messages.

    Raises:
        LedgerUnusable: it holds no ledger, or one of a newer version than this.
    """
    found = inspect(connection)
    if not (found.has_table(VERSION.name) and found.has_table(ENTRY.name)):
        raise LedgerUnusable(f"{name} is a database, but no ledger: name another file")
    rows = [str(row.version_num) for row in connection.execute(text("SELECT version_num FROM alembic_version"))]
    if len(rows) != 1:
        said = "does not say" if not rows else f"says {len(rows)} times"
        raise LedgerUnusable(
            f"{name} {said} of which version its tables are: something else changed it: restore a copy"
        )
    if rows[0] not in REVISIONS:
        raise LedgerUnusable(
            f"{name} has tables of version {rows[0]}, and this contractnet knows them up to {HEAD}: "
            "a newer one wrote it, use that"
        )
    return rows[0]


def make(connection: Connection) -> None:
    """Make the tables of HEAD in an empty database, in the transaction that the connection is in."""
    METADATA.create_all(connection)
    VERSION.create(connection)
    connection.execute(VERSION.insert().values(version_num=HEAD))


def migrate(connection: Connection) -> None:
    """Bring the tables to HEAD, from whatever version, in the transaction that the connection is in."""
    from alembic import command  # slow to import, and needed for an older file alone
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "contractnet.ledger:migrations")
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
