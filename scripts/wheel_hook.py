"""Hatch build hook: the files of the collection's root go into the wheel, beside the folders pyproject.toml maps.

Hatch's `sources` maps folders only. An editable install gets none of them: its collection is the link that
scripts/setup makes, and pip must never own a file behind that link.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COLLECTION = "ansible_collections/fannel/network"
ROOT_FILES = ("galaxy.yml", "LICENSE", "README.md")


class CollectionRoot(BuildHookInterface):
    """Adds ROOT_FILES to a standard wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before the build; `version` is "standard" or "editable"."""
        if version == "standard":
            build_data["force_include"].update({name: f"{COLLECTION}/{name}" for name in ROOT_FILES})
