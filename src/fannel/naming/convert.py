"""Turn MIBs that pysmi compiled to JSON into the naming catalogue's data files (`fannel.naming.module`).

    python -m fannel.naming.convert COMPILED_DIR OUT_DIR

Names, OIDs, types and references are kept; descriptions, revisions and whatever else is the MIB author's text is
not. Types are resolved here, once: through the module's own textual conventions, its imports among the modules
being converted, and the modules that are shipped. What cannot be resolved is reported and stays unformatted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fannel.naming.catalogue import shipped_data
from fannel.naming.module import CatalogueError
from fannel.naming.syntax import BASE_TYPES, BITS, OCTETS

Json = dict[str, Any]
Report = Callable[[str], None]

# What RFC 2578 and SMIv1 (RFC 1155) call the base types, where the name differs from the catalogue's.
_SYNONYMS = {"BITS": BITS, "Counter": "Counter32", "Gauge": "Gauge32", "NetworkAddress": "IpAddress"}
_MAX_CHAIN = 16
_RAN, _FAILED, _USAGE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Converted:
    """One module's data, ready to be written, and what could not be resolved in it (one line each)."""

    module: str
    text: str
    problems: tuple[str, ...]


def convert(compiled: Mapping[str, Json], shipped_types: Mapping[str, Mapping[str, Json]]) -> list[Converted]:
    """Convert modules by name. `shipped_types` are the resolved types of modules that need no conversion."""
    return [_Module(name, compiled, shipped_types).convert() for name in sorted(compiled)]


class _Module:
    """The conversion of one module; holds what is resolved so far."""

    def __init__(
        self, name: str, compiled: Mapping[str, Json], shipped_types: Mapping[str, Mapping[str, Json]]
    ) -> None:
        self._name = name
        self._compiled = compiled
        self._shipped_types = shipped_types
        self._symbols = _symbols(compiled[name])
        self._types: dict[str, Json] = {}
        self._problems: list[str] = []

    def convert(self) -> Converted:
        for name, symbol in self._symbols.items():
            if symbol["class"] in ("textualconvention", "type"):
                self._types[name] = self._resolve(self._name, name)
        sections: dict[str, dict[str, Any]] = {"identities": {}, "rows": {}, "objects": {}, "notifications": {}}
        objects: dict[str, list[str]] = {}
        for name, symbol in self._symbols.items():
            section = _section(symbol)
            if section == "identities":
                sections[section][symbol["oid"]] = name
            elif section == "rows":
                sections[section][symbol["oid"]] = [name, self._index(symbol)]
            elif section == "objects":
                objects[symbol["oid"]] = [name, self._type_of(name, symbol)]
            elif section == "notifications":
                sections[section][symbol["oid"]] = [name, [self._reference(o) for o in symbol.get("objects", ())]]
        for oid, entry in objects.items():
            address_type = self._address_type(oid, entry, objects)
            sections["objects"][oid] = [*entry, address_type] if address_type else entry
        return Converted(self._name, _layout(self._name, self._types, sections), tuple(self._problems))

    def _type_of(self, name: str, symbol: Json) -> str:
        """The name of an object's type, registered in `types` unless it is a base type."""
        syntax = symbol.get("syntax", {})
        type_name = _type_name(syntax)
        refinement = _refinement(syntax)
        if type_name in BASE_TYPES:
            if not refinement:
                return type_name
            self._types[name] = {"of": [type_name], **refinement}
            return name
        resolved = self._resolve(self._name, type_name)
        if not refinement:
            self._types[type_name] = resolved
            return type_name
        self._types[name] = {**resolved, "of": [type_name, *resolved["of"]], **refinement}
        return name

    def _resolve(self, module: str, type_name: str, depth: int = 0) -> Json:
        """The resolved form of a named type as `module` sees it."""
        symbols = _symbols(self._compiled.get(module, {}))
        if type_name in symbols:
            symbol = symbols[type_name]
            syntax = symbol["type"]
            below = _type_name(syntax)
            own = _refinement(syntax)
            if symbol.get("displayhint"):
                own["hint"] = symbol["displayhint"]
            if below in BASE_TYPES:
                return {"of": [below], **own}
            if depth >= _MAX_CHAIN:
                return self._unresolved(f"{module}::{type_name} is defined by itself")
            resolved = self._resolve(module, below, depth + 1)
            return {**resolved, "of": [below, *resolved["of"]], **own}
        home = _imported_from(self._compiled.get(module, {}), type_name)
        if home is None:
            return self._unresolved(f"no IMPORTS of {module} names type {type_name}")
        if home in self._compiled and depth < _MAX_CHAIN:
            return self._resolve(home, type_name, depth + 1)
        if type_name in self._shipped_types.get(home, {}):
            return dict(self._shipped_types[home][type_name])
        return self._unresolved(f"{module} imports type {type_name} from {home}, which is neither shipped nor given")

    def _unresolved(self, problem: str) -> Json:
        line = f"{self._name}: {problem}; values of this type stay unformatted"
        if line not in self._problems:
            self._problems.append(line)
        return {"of": [OCTETS]}

    def _index(self, symbol: Json) -> list[str]:
        # "augmention" is pysmi's own spelling.
        if augmented := symbol.get("augmention"):
            return [f"AUGMENTS {self._reference(augmented)}"]
        return [
            f"IMPLIED {self._reference(part)}" if part.get("implied") else self._reference(part)
            for part in symbol.get("indices", ())
        ]

    def _reference(self, target: Json) -> str:
        name = str(target["object"])
        if name in self._symbols:
            return name
        # pysmi writes the augmenting module where it means the augmented one; IMPORTS tells.
        module = _imported_from(self._compiled[self._name], name) or target["module"]
        return f"{module}::{name}"

    def _address_type(self, oid: str, entry: list[str], objects: Mapping[str, list[str]]) -> str | None:
        """The InetAddressType that goes with an InetAddress: the nearest before it (RFC 4001 §4.1)."""
        if "InetAddress" not in _names_of(entry[1], self._types):
            return None
        parent, _, arc = oid.rpartition(".")
        for earlier in range(int(arc) - 1, 0, -1):
            candidate = objects.get(f"{parent}.{earlier}")
            if candidate is not None and "InetAddressType" in _names_of(candidate[1], self._types):
                return candidate[0]
        return None


def _type_name(syntax: Json) -> str:
    name = str(syntax.get("type", ""))
    return _SYNONYMS.get(name, name)


def _names_of(type_name: str, types: Mapping[str, Json]) -> tuple[str, ...]:
    return (type_name, *types.get(type_name, {}).get("of", ()))


def _symbols(module: Json) -> dict[str, Json]:
    return {name: item for name, item in module.items() if isinstance(item, dict) and name not in ("imports", "meta")}


def _imported_from(module: Json, name: str) -> str | None:
    for home, names in module.get("imports", {}).items():
        if isinstance(names, list) and name in names:
            return str(home)
    return None


def _section(symbol: Json) -> str | None:
    """Which section a symbol goes to. Groups and compliance statements are never sent, so they are left out."""
    kind, node = symbol["class"], symbol.get("nodetype")
    if kind in ("objectidentity", "moduleidentity") or node == "table":
        return "identities"
    if kind == "objecttype":
        return "rows" if node == "row" else "objects"
    return "notifications" if kind == "notificationtype" else None


def _refinement(syntax: Json) -> Json:
    """Labels, bits and fixed size that a SYNTAX clause adds to the type it names."""
    constraints = syntax.get("constraints", {})
    out: Json = {}
    if labels := constraints.get("enumeration"):
        out["enum"] = dict(sorted(labels.items(), key=lambda item: int(item[1])))
    if bits := syntax.get("bits"):
        out["bits"] = dict(sorted(bits.items(), key=lambda item: int(item[1])))
    sizes = constraints.get("size", ())
    if len(sizes) == 1 and sizes[0]["min"] == sizes[0]["max"]:
        out["size"] = sizes[0]["max"]
    return out


def _layout(module: str, types: Json, sections: Mapping[str, Json]) -> str:
    """The file's text: one entry per line, OIDs in order, so that a change of a MIB reads as a small diff."""
    blocks = [f' "module": {json.dumps(module)}']
    if types:
        blocks.append(_block("types", {name: types[name] for name in sorted(types)}))
    for name, entries in sections.items():
        if entries:
            in_order = sorted(entries, key=lambda oid: tuple(map(int, oid.split("."))))
            blocks.append(_block(name, {oid: entries[oid] for oid in in_order}))
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _block(name: str, entries: Json) -> str:
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in entries.items())
    return f' "{name}": {{\n{lines}\n }}'


def read_compiled(directory: Path) -> dict[str, Json]:
    """The compiled modules of a directory, by module name.

    Raises:
        CatalogueError: The directory holds no module, or a file in it is not what pysmi writes.
    """
    modules: dict[str, Json] = {}
    for path in sorted(directory.glob("*.json")):
        if path.stem == "index":  # pysmi's own list of what it compiled
            continue
        try:
            module = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CatalogueError(f"{path}: cannot be read as JSON: {error}") from error
        if not isinstance(module, dict) or not all("class" in symbol for symbol in _symbols(module).values()):
            raise CatalogueError(
                f"{path}: not a module compiled by pysmi; compile with `mibdump --destination-format=json`"
            )
        modules[path.stem] = module
    if not modules:
        raise CatalogueError(f"{directory}: no compiled MIB (*.json) here")
    return modules


def shipped_types() -> dict[str, dict[str, Json]]:
    """The types of every shipped module, as its data file has them."""
    files = (json.loads(path.read_text(encoding="utf-8")) for path in shipped_data())
    return {data["module"]: data.get("types", {}) for data in files}


def main(arguments: Iterable[str], report: Report) -> int:
    """Run the conversion; `report` takes a line for the person at the terminal. Returns the exit status."""
    match list(arguments):
        case [source, target]:
            pass
        case _:
            report("usage: python -m fannel.naming.convert COMPILED_DIR OUT_DIR")
            return _USAGE
    try:
        converted = convert(read_compiled(Path(source)), shipped_types())
        out = Path(target)
        out.mkdir(parents=True, exist_ok=True)
        for module in converted:
            (out / f"{module.module}.json").write_text(module.text, encoding="utf-8")
            for problem in module.problems:
                report(f"warning: {problem}")
    except (CatalogueError, OSError) as error:
        report(str(error))
        return _FAILED
    report(f"{len(converted)} modules written to {target}")
    return _RAN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], lambda line: print(line, file=sys.stderr)))
