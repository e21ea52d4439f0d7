"""The Ansible collections that rules and playbooks name: found where Ansible looks, without starting Ansible.

Ansible's order: the configured paths, then `ansible_collections` beside any package Python can import. A collection
that was installed says its version in MANIFEST.json, a checkout in galaxy.yml.
"""

from __future__ import annotations

import configparser
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from fannel import __version__
from fannel.ops.doctor.finding import ok, warning, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fannel.ops.doctor.finding import Finding

OWN = "fannel.network"
_DEFAULT_PATH = "~/.ansible/collections:/usr/share/ansible/collections"
_INSTALL = "pip install 'fannel[devices]', or ansible-galaxy collection install -r collections/requirements.yml"


@dataclass(frozen=True, slots=True)
class Installed:
    """A collection that Ansible would find, and the version it gives itself ("?" if it gives none)."""

    path: Path
    version: str


def search_path(environ: Mapping[str, str], folder: Path) -> list[Path]:
    """The folders that hold an `ansible_collections`, in Ansible's order."""
    given, anchor = environ.get("ANSIBLE_COLLECTIONS_PATH"), folder
    config = _config_file(environ, folder)
    if given is None and config is not None:
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(config, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            return []  # Ansible would not start with it either, and says what is wrong
        given, anchor = parser.get("defaults", "collections_path", fallback=None), config.parent
    paths = [anchor / Path(part).expanduser() for part in (given or _DEFAULT_PATH).split(":") if part]
    return [folder / "collections", *paths, *(Path(entry) for entry in sys.path if entry)]


def _config_file(environ: Mapping[str, str], folder: Path) -> Path | None:
    """The one settings file that Ansible reads: the first there is."""
    named = environ.get("ANSIBLE_CONFIG")
    usual = (folder / "ansible.cfg", Path("~/.ansible.cfg").expanduser(), Path("/etc/ansible/ansible.cfg"))
    return next((path for path in ([folder / named] if named else usual) if path.is_file()), None)


def find(name: str, paths: Sequence[Path]) -> Installed | None:
    """The collection that Ansible would use for `namespace.name`."""
    namespace, _, own = name.partition(".")
    for path in paths:
        root = path if path.name == "ansible_collections" else path / "ansible_collections"
        if (found := root / namespace / own).is_dir():
            return Installed(found, _version(found))
    return None


def _version(root: Path) -> str:
    try:
        if (manifest := root / "MANIFEST.json").is_file():
            return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
        return str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return "?"


def own_collection(paths: Sequence[Path]) -> Finding:
    """Whether `fannel.network.…` in a rulebook means the collection that belongs to this library."""
    name = f"collection {OWN}"
    found = find(OWN, paths)
    if found is None:
        return wrong(name, "not found", "install fannel again (a checkout: make setup)")
    if found.version != __version__:
        reason = f"{found.version} in {found.path}, but the library is {__version__}"
        return warning(name, reason, "remove the older one")
    return ok(name, f"{found.version} in {found.path}")


def vendor_collections(requirements: Path, paths: Sequence[Path]) -> Finding:
    """Whether every collection of collections/requirements.yml is there, in a version that will do."""
    name = "vendor collections"
    try:
        wanted = dict(_required(requirements))
    except (OSError, yaml.YAMLError, TypeError, KeyError, AttributeError):
        return wrong(name, f"{requirements} cannot be read", "install fannel again")
    found = {collection: find(collection, paths) for collection in wanted}
    missing = [collection for collection, installed in found.items() if installed is None]
    if missing:
        return wrong(name, f"not found: {', '.join(missing)}", _INSTALL)
    versions = {collection: installed.version for collection, installed in found.items() if installed is not None}
    old = [f"{c} {versions[c]} ({wanted[c]} wanted)" for c in wanted if not _meets(versions[c], wanted[c])]
    if old:
        return wrong(name, ", ".join(old), _INSTALL)
    return ok(name, ", ".join(f"{collection} {version}" for collection, version in versions.items()))


def _required(requirements: Path) -> Iterator[tuple[str, str]]:
    for entry in yaml.safe_load(requirements.read_text(encoding="utf-8"))["collections"]:
        yield entry["name"], str(entry.get("version", "*"))


def _meets(version: str, wanted: str) -> bool:
    """Whether a version is in a requirement as ansible-galaxy writes it (`>=8.0.0,<9`, `8.0.0`, `*`)."""
    try:
        return wanted == "*" or SpecifierSet(wanted if wanted[:1] in "<>=!~" else f"=={wanted}").contains(
            version, prereleases=True
        )
    except (InvalidSpecifier, InvalidVersion):
        return False
