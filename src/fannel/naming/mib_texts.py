"""MIB texts of a site, compiled to the naming catalogue's data by pysmi; from local files alone.

What they import from a module that is shipped comes from the catalogue (`stubs`); everything else has to be among the
texts. One module that cannot be compiled keeps no other from being compiled, and is said with its reason.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fannel.naming.catalogue import shipped_data
from fannel.naming.convert import Converted, convert, shipped_types
from fannel.naming.module import read_module
from fannel.naming.stubs import stub_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from fannel.naming.module import Node

# The largest vendor MIBs have less than 2 MB.
_LARGEST: Final = 8 * 2**20
_BEGINS: Final = re.compile(r"^[ \t]*([A-Z][A-Za-z0-9-]*)\s*(?:\{[^}]*\}\s*)?DEFINITIONS\s*::=\s*BEGIN\b", re.MULTILINE)
_IMPORTED: Final = re.compile(r"\bFROM\s+([A-Z][A-Za-z0-9-]*)")
_COMMENT: Final = re.compile(r"--.*")


class MibTextsError(Exception):
    """There is nothing to compile; the text says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Text:
    """One module's text, and the file it is in."""

    module: str
    file: Path
    text: str

    @property
    def imports(self) -> set[str]:
        """The modules it imports from."""
        return set(_IMPORTED.findall(_COMMENT.sub("", self.text)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: data to be written, modules that are shipped already, and what is wrong, a line each."""

    converted: tuple[Converted, ...]
    shipped: tuple[str, ...]
    failures: tuple[str, ...]
    warnings: tuple[str, ...]


def compile_folders(folders: Sequence[Path]) -> Outcome:
    """Compile every module that a file below these folders defines.

    Raises:
        MibTextsError: none does.
    """
    texts, failures = _read(folders)
    nodes = [node for file in shipped_data() for node in read_module(file)]
    known = {node.module for node in nodes}
    own = {name: text for name, text in texts.items() if name not in known}
    compiled, failed = _compile(own, texts, nodes)
    converted = convert(compiled, shipped_types()) if compiled else []
    warnings = [problem for module in converted for problem in module.problems]
    return Outcome(
        tuple(converted),
        tuple(sorted(texts.keys() - own.keys())),
        (*failures, *failed),
        (*warnings, *_collisions(compiled, nodes)),
    )


def _read(folders: Sequence[Path]) -> tuple[dict[str, Text], list[str]]:
    """The texts by module, the first file of a module wins; and what is wrong with files."""
    found: dict[str, Text] = {}
    wrong = []
    for folder in folders:
        files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else [folder]
        for file in files:
            try:
                if file.stat().st_size > _LARGEST:
                    wrong.append(f"{file}: larger than {_LARGEST // 2**20} MB, which no MIB is; left out")
                    continue
                raw = file.read_bytes()
            except OSError as error:
                wrong.append(f"{file}: {error.strerror}")
                continue
            for text in _modules(file, raw.decode("utf-8", "replace")):
                first = found.setdefault(text.module, text)
                if first is not text and first.text.split() != text.text.split():
                    wrong.append(f"{file}: defines {text.module}, as {first.file} does with another text: keep one")
    if not found:
        where = ", ".join(map(str, folders))
        raise MibTextsError(f"{where}: no MIB there (a text with `NAME DEFINITIONS ::= BEGIN`)")
    return found, wrong


def _modules(file: Path, text: str) -> Iterable[Text]:
    starts = list(_BEGINS.finditer(text))
    ends = [*(match.start() for match in starts[1:]), len(text)]
    for match, end in zip(starts, ends, strict=False):
        yield Text(match[1], file, text[match.start() : end])


def _compile(
    own: Mapping[str, Text], texts: Mapping[str, Text], nodes: Sequence[Node]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    from pysmi.codegen import JsonCodeGen  # noqa: PLC0415  (a second to import, for this command alone)
    from pysmi.compiler import MibCompiler  # noqa: PLC0415
    from pysmi.reader import CallbackReader  # noqa: PLC0415
    from pysmi.writer import CallbackWriter  # noqa: PLC0415

    bases = {
        module: {name: entry["of"][-1] for name, entry in found.items()} for module, found in shipped_types().items()
    }
    stubs = stub_texts(nodes, bases)
    written: dict[str, str] = {}

    def read(module: str, _context: object) -> str:
        return texts[module].text if module in texts else stubs.get(module, "")

    def write(module: str, text: str, _context: object) -> None:
        written[module] = text

    compiler = MibCompiler(_parser(), JsonCodeGen(), CallbackWriter(write))
    compiler.add_sources(CallbackReader(read))
    statuses = compiler.compile(*sorted(own), genTexts=False, ignoreErrors=True) if own else {}
    compiled = {module: json.loads(text) for module, text in written.items() if module in own}
    missing = {module for text in own.values() for module in text.imports if not read(module, None)}
    failures = [
        f"{text.file}: {text.module} imports from {module}, which is neither shipped nor in these folders: add its text"
        for text in own.values()
        for module in sorted(text.imports & missing)
    ]
    for module, text in sorted(own.items()):
        if module not in compiled and not text.imports & missing:
            reason = str(getattr(statuses.get(module), "error", "") or "it is not what SMI allows")
            failures.append(f"{text.file}: {module} cannot be compiled: {' '.join(reason.split())}")
    return compiled, failures


@functools.cache
def _parser() -> Any:  # noqa: ANN401  (pysmi has no types)
    from pysmi.parser import SmiV1CompatParser  # noqa: PLC0415  (two seconds to make)

    return SmiV1CompatParser(tempdir="")


def _collisions(compiled: Mapping[str, Mapping[str, Any]], nodes: Iterable[Node]) -> list[str]:
    """OIDs that two modules give different names."""
    names = {node.oid: node.qualified_name for node in nodes}
    found = []
    for module, symbols in sorted(compiled.items()):
        for symbol in symbols.values():
            oid = symbol.get("oid") if isinstance(symbol, dict) else None
            if oid is None or "name" not in symbol:
                continue
            name = f"{module}::{symbol['name']}"
            other = names.setdefault(oid, name)
            if other.rpartition("::")[2] != symbol["name"]:
                found.append(f"{oid} is {name} and {other}: the one read later names it")
    return found
