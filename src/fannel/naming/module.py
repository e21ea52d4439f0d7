"""One MIB module as data: the JSON files under `data/`, which `fannel.naming.convert` writes.

    {"module": "IF-MIB",
     "types":         {"ifAdminStatus": {"of": ["INTEGER"], "enum": {"up": 1, "down": 2}},
                       "DisplayString": {"of": ["OCTET STRING"], "hint": "255a"}},
     "identities":    {"1.3.6.1.2.1.31": "ifMIB"},
     "rows":          {"1.3.6.1.2.1.2.2.1": ["ifEntry", ["ifIndex"]]},
     "objects":       {"1.3.6.1.2.1.2.2.1.7": ["ifAdminStatus", "ifAdminStatus"]},
     "notifications": {"1.3.6.1.6.3.1.1.5.3": ["linkDown", ["ifIndex", "ifAdminStatus", "ifOperStatus"]]}}

* A type's `of` ends in the base type; what stands before it are the textual conventions followed on the way. A type
  that only one object has goes by that object's name. `bits` is as `enum`, `size` a fixed length in octets.
* A row's list is its INDEX clause, `IMPLIED x` included; `AUGMENTS x` stands for the INDEX of row x.
* A third element of an object names the InetAddressType object that goes with its InetAddress.
* A name of another module is written `IF-MIB::ifIndex`.
* `source` says, for what was written by hand, where it comes from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fannel.naming.syntax import BASE_TYPES, Syntax

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

NodeKind = Literal["identity", "row", "object", "notification"]


class CatalogueError(ValueError):
    """A data file cannot be used; the message is one line that names the file and what is wrong in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One named OID. Only an object has a `syntax`; `refers_to` are a row's indices or a notification's objects."""

    module: str
    name: str
    oid: str
    kind: NodeKind
    syntax: Syntax | None = None
    refers_to: tuple[str, ...] = ()
    address_type: str | None = None

    @property
    def qualified_name(self) -> str:
        """`IF-MIB::linkDown`."""
        return f"{self.module}::{self.name}"


_BASE_SYNTAX = {base: Syntax(base) for base in BASE_TYPES}
_UNKNOWN = Syntax("")


def read_module(path: Traversable) -> list[Node]:
    """The nodes of one data file.

    Raises:
        CatalogueError: The file cannot be read, is not JSON, or has not the shape described above.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _nodes(data)
    except OSError as error:
        raise CatalogueError(f"{path}: {error.strerror or error}") from error
    except json.JSONDecodeError as error:
        raise CatalogueError(f"{path}:{error.lineno}: not JSON: {error.msg}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        remedy = "write it with `python -m fannel.naming.convert`"
        raise CatalogueError(f"{path}: not a module of the naming catalogue ({error!r}); {remedy}") from error


def _nodes(data: Mapping[str, Any]) -> list[Node]:
    module = str(data["module"])
    types = {name: _syntax(name, entry) for name, entry in data.get("types", {}).items()}
    nodes = [Node(module, name, oid, "identity") for oid, name in data.get("identities", {}).items()]
    nodes += [
        Node(module, row[0], oid, "row", refers_to=tuple(qualify(module, name) for name in row[1]))
        for oid, row in data.get("rows", {}).items()
    ]
    for oid, entry in data.get("objects", {}).items():
        syntax = types.get(entry[1]) or _BASE_SYNTAX.get(entry[1], _UNKNOWN)
        address_type = qualify(module, entry[2]) if len(entry) > 2 else None
        nodes.append(Node(module, entry[0], oid, "object", syntax, address_type=address_type))
    nodes += [
        Node(module, entry[0], oid, "notification", refers_to=tuple(qualify(module, name) for name in entry[1]))
        for oid, entry in data.get("notifications", {}).items()
    ]
    return nodes


def _syntax(name: str, entry: Mapping[str, Any]) -> Syntax:
    *conventions, base = entry["of"]
    return Syntax(
        base=base,
        conventions=(name, *conventions),
        labels={number: label for label, number in entry.get("enum", {}).items()},
        bits={number: label for label, number in entry.get("bits", {}).items()},
        hint=entry.get("hint"),
        size=entry.get("size"),
    )


def qualify(module: str, name: str) -> str:
    """A reference as it stands in a module's file, made to name its module; `IMPLIED` and `AUGMENTS` stay in front."""
    keyword, space, bare = name.rpartition(" ")
    return name if "::" in bare else f"{keyword}{space}{module}::{bare}"
