"""Alembic revisions. Written once, never changed after a release."""
