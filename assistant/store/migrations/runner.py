"""Runs alembic on an engine, with no configuration file."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def known_versions() -> frozenset[str]:
    """Every schema version that this code can migrate from."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def head() -> str | None:
    """The newest schema version."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest version, in one transaction per migration."""
    with engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection.execution_options(waypost_write=True)
        command.upgrade(config, "head")
