"""What holds for every test, as one process runs many, and what most of them need."""

from __future__ import annotations

import sys

import pytest

from fannel.incidents.store import Store


@pytest.fixture(autouse=True)
def _log_lines_as_before():
    yield
    structlog = sys.modules.get("structlog")
    if structlog is not None and structlog.is_configured():  # a source that ran in this process did it
        structlog.reset_defaults()


@pytest.fixture
def store(tmp_path):
    """One of its own, on SQLite."""
    opened = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
    yield opened
    opened.close()
