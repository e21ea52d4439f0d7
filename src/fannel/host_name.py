"""Which texts can name a host to Ansible. A module of its own, because every playbook's inventory imports it."""

from __future__ import annotations

import re

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_.:-]{1,253}\Z")
# Words Ansible gives a meaning of its own; a device of that name cannot be a run's limit.
_PATTERN_WORDS = frozenset({"all", "ungrouped", "localhost"})


def is_host_name(name: str) -> bool:
    """Whether `name` can be a run's `--limit`: Ansible would read `*`, `!`, `,`, `~` or `@` as a pattern."""
    return bool(_HOST_NAME.match(name)) and name.lower() not in _PATTERN_WORDS
