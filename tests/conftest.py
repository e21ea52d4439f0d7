"""What holds for every test: one process runs many, so none may change how another's log lines are written."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def _log_lines_as_before():
    yield
    structlog = sys.modules.get("structlog")
    if structlog is not None and structlog.is_configured():  # a source that ran in this process did it
        structlog.reset_defaults()
