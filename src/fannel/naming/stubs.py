"""SMI texts that stand for what is shipped, so that a site's MIB can import from it although no MIB text is.

Written from the catalogue: every name with its OID, every textual convention with its base type. What a compiler makes
of a stub is thrown away; the types themselves come from the catalogue when the result is converted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fannel.naming.syntax import BITS, OCTETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fannel.naming.module import Node

# RFC 2578 §2 and RFC 1155 §4: the tree above everything.
_ROOTS: Final = {
    "org": "1 3",
    "dod": "1 3 6",
    "internet": "1 3 6 1",
    "directory": "1 3 6 1 1",
    "mgmt": "1 3 6 1 2",
    "mib-2": "1 3 6 1 2 1",
    "transmission": "1 3 6 1 2 1 10",
    "experimental": "1 3 6 1 3",
    "private": "1 3 6 1 4",
    "enterprises": "1 3 6 1 4 1",
    "security": "1 3 6 1 5",
    "snmpV2": "1 3 6 1 6",
    "snmpDomains": "1 3 6 1 6 1",
    "snmpProxys": "1 3 6 1 6 2",
    "snmpModules": "1 3 6 1 6 3",
    "zeroDotZero": "0 0",
}
_BASE: Final = ("SNMPv2-SMI", "SNMPv2-CONF", "RFC1155-SMI", "RFC1065-SMI", "RFC-1212", "RFC-1215")
# SMIv1's one module of everything: its objects are in these today, under the same OIDs.
_MIB_II: Final = "RFC1213-MIB"
_MIB_II_TODAY: Final = ("IF-MIB", "IP-MIB", "SNMPv2-MIB", "SNMPv2-TC")
# RFC 2579 §2: all of them, as a module may import one that nothing shipped uses.
_CONVENTIONS: Final = {
    **dict.fromkeys(("DisplayString", "PhysAddress", "MacAddress", "DateAndTime", "TAddress"), OCTETS),
    **dict.fromkeys(("TruthValue", "TestAndIncr", "RowStatus", "StorageType", "TimeInterval"), "INTEGER"),
    **dict.fromkeys(
        ("AutonomousType", "InstancePointer", "VariablePointer", "RowPointer", "TDomain"), "OBJECT IDENTIFIER"
    ),
    "TimeStamp": "TimeTicks",
}
_SMI_BASE: Final = {OCTETS: "OCTET STRING", BITS: "OCTET STRING"}
_NAME: Final = re.compile(r"[a-z][A-Za-z0-9-]*\Z")
_TYPE: Final = re.compile(r"[A-Z][A-Za-z0-9-]*\Z")


def stub_texts(nodes: Iterable[Node], types: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The texts by module. `types` are each module's textual conventions: name and base type."""
    names: dict[str, dict[str, str]] = {base: dict(_ROOTS) for base in _BASE}
    for node in nodes:
        names.setdefault(node.module, {})[node.name] = node.oid.replace(".", " ")
    conventions = {module: dict(found) for module, found in types.items()}
    conventions["SNMPv2-TC"] = _CONVENTIONS | conventions.get("SNMPv2-TC", {})
    names[_MIB_II] = {**_ROOTS, **{name: oid for home in _MIB_II_TODAY for name, oid in names.get(home, {}).items()}}
    conventions[_MIB_II] = {name: base for home in _MIB_II_TODAY for name, base in conventions.get(home, {}).items()}
    return {
        module: _text(module, names.get(module, {}), conventions.get(module, {}))
        for module in sorted({*names, *conventions})
    }


def _text(module: str, names: Mapping[str, str], types: Mapping[str, str]) -> str:
    lines = [f"{module} DEFINITIONS ::= BEGIN"]
    lines += [
        f'{name} ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX {_SMI_BASE.get(base, base)}'
        for name, base in types.items()
        if _TYPE.match(name)
    ]
    lines += [f"{name} OBJECT IDENTIFIER ::= {{ {oid} }}" for name, oid in names.items() if _NAME.match(name)]
    return "\n".join([*lines, "END", ""])
