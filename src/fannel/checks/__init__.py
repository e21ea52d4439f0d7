"""Checks: which commands to run for (problem, OS), how to read their output, and how to judge it."""
