"""The catalogues of a site: its own names and kinds over the shipped ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue

if TYPE_CHECKING:
    from pathlib import Path


class Catalogues(NamedTuple):
    """What names a notification, and what says what it means."""

    names: Catalogue
    kinds: Kinds


def catalogues(kinds: Path | None = None, mibs: Path | None = None) -> Catalogues:
    """The shipped catalogues, and over them what these folders hold; one that does not exist holds nothing.

    Raises:
        CatalogueError, KindsError: a file cannot be used; one line that says which, where and why.
    """
    names = Catalogue.load(_there(mibs))
    return Catalogues(names, Kinds.load(_there(kinds), names))


def _there(folder: Path | None) -> list[Path]:
    return [folder] if folder is not None and folder.is_dir() else []
