"""Where the files of the collection `fannel.network` are: rulebooks, playbooks, checks, plugins."""

from __future__ import annotations

from pathlib import Path

_MARK = "galaxy.yml"


class CollectionNotFoundError(FileNotFoundError):
    """The library is here but the collection is not: the package was not installed as a whole."""


def root() -> Path:
    """The collection's root: beside the installed package (the wheel), or the top of a checkout.

    Raises:
        CollectionNotFoundError: Neither is there.
    """
    package = Path(__file__).resolve().parent
    candidates = (package.parent / "ansible_collections" / "fannel" / "network", package.parent.parent)
    for candidate in candidates:
        if (candidate / _MARK).is_file():
            return candidate
    msg = f"the collection fannel.network is not in {' nor in '.join(map(str, candidates))}: install fannel again"
    raise CollectionNotFoundError(msg)
