"""The kinds files, read and compiled: every name in them is checked against the naming catalogue.

A mistyped notification, varbind or enumeration value would otherwise be an alert that silently never comes.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from fannel.kinds.compile_syslog import compile_syslog, only_facts, pattern_of
from fannel.kinds.document import Document, KindsError, read_document, suggestion, validate
from fannel.kinds.entry import Composed, Condition, Entry, Matching, SubjectRule, Where
from fannel.kinds.facts import FACTS
from fannel.kinds.kind import defined_kinds, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from fannel.kinds.document import Location
    from fannel.kinds.entry import Place
    from fannel.kinds.kind import Kind
    from fannel.kinds.syslog import SyslogIndex
    from fannel.naming.catalogue import Catalogue
    from fannel.naming.module import Node

# The first arc of an OID is 0, 1 or 2 (X.660).
_OID_START = ("0.", "1.", "2.")
_NAME_IN_BRACES = re.compile(r"\{([A-Za-z]\w*)\}", re.ASCII)


def shipped_files() -> list[Traversable]:
    """The kinds files that come with FANNEL, in order of their names."""
    directory = resources.files("fannel.kinds").joinpath("catalogue")
    return sorted((path for path in directory.iterdir() if path.name.endswith(".yml")), key=lambda path: path.name)


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a kinds file."""
    text = resources.files("fannel.kinds").joinpath("catalogue", "kinds.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def files_of(paths: Iterable[Path]) -> list[Traversable]:
    """The kinds files of a site's directories, each directory's in order of their names.

    Raises:
        KindsError: A directory does not exist.
    """
    files: list[Traversable] = []
    for path in paths:
        if not path.is_dir():
            raise KindsError(f"{path}: no such directory of kinds files")
        files += sorted((*path.glob("*.yml"), *path.glob("*.yaml")))
    return files


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the kinds files say: the kinds, and what maps to them.

    `traps` are by the OID of their notification, in the order they are tried.
    """

    kinds: Mapping[str, Kind]
    traps: Mapping[str, tuple[Entry, ...]]
    syslog: SyslogIndex


def compile_files(files: Iterable[Traversable], catalogue: Catalogue) -> Compiled:
    """All files, read, checked and compiled.

    Raises:
        KindsError: A file cannot be used.
    """
    documents = [read_document(file) for file in files]
    for document in documents:
        validate(document, schema())
    kinds = defined_kinds(documents)
    return Compiled(kinds, _traps(documents, kinds, catalogue), compile_syslog(documents, kinds))


def _traps(documents: list[Document], kinds: Mapping[str, Kind], catalogue: Catalogue) -> dict[str, tuple[Entry, ...]]:
    subjects = _shared_subjects(documents, catalogue)
    entries: dict[str, list[Entry]] = {}
    for document in documents:
        always: dict[str, int] = {}
        for index, raw in enumerate(document.data.get("traps", ())):
            path: Location = ("traps", index)
            entry = _entry(document, path, raw, kinds, subjects, catalogue)
            for oid, name in _notifications(document, path, raw, catalogue):
                if oid in always:
                    raise document.error(path, f"never reached: line {always[oid]} takes every {name} before it")
                if not entry.when and not entry.systems:
                    always[oid] = document.line(path)
                entries.setdefault(oid, []).append(entry)
    return {oid: tuple(found) for oid, found in entries.items()}


def _shared_subjects(documents: Iterable[Document], catalogue: Catalogue) -> dict[str, SubjectRule]:
    subjects: dict[str, SubjectRule] = {}
    for document in reversed(list(documents)):  # the shipped ones first, so that a site's file is the one to change
        for name, raw in document.data.get("subjects", {}).items():
            path: Location = ("subjects", name)
            if name in subjects:
                raise document.error(path, f"subject {name!r} is already defined; give this one another name")
            subjects[name] = _subject(document, path, raw, catalogue)
    return subjects


def _entry(
    document: Document,
    path: Location,
    raw: Mapping[str, Any],
    kinds: Mapping[str, Kind],
    subjects: Mapping[str, SubjectRule],
    catalogue: Catalogue,
) -> Entry:
    subject = raw["subject"]
    if isinstance(subject, str):
        rule = subjects.get(subject)
        if rule is None:
            remedy = suggestion(subject, subjects) or "; define it under 'subjects', or write its facts here"
            raise document.error((*path, "subject"), f"subject: no subject {subject!r} is defined{remedy}")
    else:
        rule = _subject(document, (*path, "subject"), subject, catalogue)
    when = raw.get("when", [])
    alternatives = when if isinstance(when, list) else [when]
    return Entry(
        kind=_kind(document, path, raw, kinds, rule),
        subject=rule,
        when=tuple(_conditions(document, (*path, "when"), alternative, catalogue) for alternative in alternatives),
        systems=frozenset([systems] if isinstance(systems := raw.get("os", []), str) else systems),
    )


def _kind(
    document: Document, path: Location, raw: Mapping[str, Any], kinds: Mapping[str, Kind], rule: SubjectRule
) -> Kind:
    kind = kind_of(document, path, raw, kinds)
    if kind.subject not in (None, rule.type):
        message = f"subject: a {kind.name} is about a subject of type {kind.subject!r}, not {rule.type!r}"
        raise document.error((*path, "subject"), message)
    return kind


def _conditions(
    document: Document, path: Location, alternative: Mapping[str, Any], catalogue: Catalogue
) -> tuple[Condition | Matching, ...]:
    conditions: list[Condition | Matching] = []
    for name, wanted in alternative.items():
        node = _object(document, path, name, catalogue)
        if isinstance(wanted, dict):
            pattern = pattern_of(document, (*path, name, "pattern"), wanted["pattern"])
            only_facts(document, (*path, name, "pattern"), pattern.groups)
            conditions.append(Matching(_bare(name, node), pattern))
            continue
        values = wanted if isinstance(wanted, list) else [wanted]
        for value in values:
            _check_label(document, path, name, value, node)
        conditions.append(Condition(_bare(name, node), frozenset(values)))
    return tuple(conditions)


def _check_label(document: Document, path: Location, name: str, value: object, node: Node | None) -> None:
    """An enumeration is compared by label: any other value would never match."""
    labels = node.syntax.labels if node is not None and node.syntax is not None else {}
    if labels and value not in labels.values():
        known = list(labels.values())
        hint = f"; did you mean {labels[value]!r}?" if isinstance(value, int) and value in labels else ""
        hint = hint or suggestion(str(value), known) or f"; it is one of {', '.join(known[:10])}"
        raise document.error((*path, name), f"{name} is never {value!r}{hint}")


def _subject(document: Document, path: Location, raw: Mapping[str, Any], catalogue: Catalogue) -> SubjectRule:
    facts = {fact: tuple(_places(document, (*path, fact), raw[fact], catalogue)) for fact in FACTS if fact in raw}
    return SubjectRule(raw["type"], facts)


def _places(document: Document, path: Location, raw: Any, catalogue: Catalogue) -> Iterator[Place]:  # noqa: ANN401
    for place in raw if isinstance(raw, list) else [raw]:
        if isinstance(place, dict):
            name = place["index"]
            yield Where(_bare(name, _object(document, path, name, catalogue)), in_index=True)
        elif "{" in place:
            yield _composed(document, path, place, catalogue)
        else:
            yield Where(_bare(place, _object(document, path, place, catalogue)))


def _composed(document: Document, path: Location, text: str, catalogue: Catalogue) -> Composed:
    names = _NAME_IN_BRACES.findall(text)
    if set(_NAME_IN_BRACES.sub("", text)) & set("{}"):
        message = f"{text!r} will not do here; wanted: a text with names of varbinds or indices in braces"
        raise document.error(path, message)
    for name in names:
        _object(document, path, name, catalogue)
    return Composed(text, tuple(names))


def _notifications(
    document: Document, path: Location, raw: Mapping[str, Any], catalogue: Catalogue
) -> Iterator[tuple[str, str]]:
    """The OID and name of every notification an entry is for."""
    wanted = raw["notification"]
    for name in wanted if isinstance(wanted, list) else [wanted]:
        node = catalogue.find(name)
        if node is not None and node.kind == "notification":
            yield node.oid, name
        elif name.startswith(_OID_START):
            yield name, name
        else:
            raise document.error((*path, "notification"), _unknown("notification", name, catalogue))


def _object(document: Document, path: Location, name: str, catalogue: Catalogue) -> Node | None:
    """The node of a varbind's name; None for a dotted OID that no module knows."""
    node = catalogue.find(name)
    if node is not None and node.kind == "object":
        return node
    if name.startswith(_OID_START):
        return None
    raise document.error((*path, name), _unknown("varbind", name, catalogue))


def _bare(name: str, node: Node | None) -> str:
    return name if node is None else node.name


def _unknown(what: str, name: str, catalogue: Catalogue) -> str:
    similar = catalogue.similar(name)
    remedy = f"did you mean {similar!r}?" if similar else "compile its MIB, or write its OID"
    return f"no MIB known here has a {what} {name!r}; {remedy}"
