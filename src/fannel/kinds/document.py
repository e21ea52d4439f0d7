"""A YAML file of the kinds catalogue, with the line of every key, checked against its JSON Schema.

An engineer edits these files; whatever is wrong in one is said in one line: file, line, key, and what was meant.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

    from jsonschema.exceptions import ValidationError

# The loader of libyaml where PyYAML has it: ten times as fast as the one in Python.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Location = tuple[str | int, ...]

# A site with ten thousand entries has fewer.
_MAX_PARTS = 200_000


class KindsError(ValueError):
    """A kinds file cannot be used. The message is one line: `file:line: what is wrong; what would be right`."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its name as a person would say it, its data, and the line where each part of the data starts."""

    name: str
    data: Any
    lines: Mapping[Location, int]

    def line(self, path: Location) -> int:
        """The line of the part at `path`, or of the nearest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, path: Location, message: str) -> KindsError:
        """An error about the part of the document at `path`."""
        return KindsError(f"{self.name}:{self.line(path)}: {message}")


def read_document(path: Traversable) -> Document:
    """Parse a YAML file.

    Raises:
        KindsError: It cannot be read, is not YAML, or says the same key twice.
    """
    name = str(path)
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KindsError(f"{name}: {error.strerror or error}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise KindsError(f"{name}: not a text file in UTF-8: {' '.join(str(error).split())}") from error
    try:
        node = loader.get_single_node()
        lines: dict[Location, int] = {}
        if node is not None:
            _locate(name, node, (), lines)
        data = loader.construct_document(node) if node is not None else None
    except yaml.reader.ReaderError as error:
        raise KindsError(f"{name}: not a text file in UTF-8: {' '.join(str(error).split())}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise KindsError(f"{name}:{line}: not YAML: {problem}") from error
    except RecursionError as error:
        raise KindsError(f"{name}: nested too deeply, or an alias inside what it stands for") from error
    finally:
        loader.dispose()
    return Document(name, data, lines)


def _locate(name: str, node: yaml.Node, path: Location, lines: dict[Location, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if len(lines) > _MAX_PARTS:
        raise KindsError(f"{name}: more than {_MAX_PARTS} parts, or aliases that multiply to so many")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise KindsError(f"{name}:{line}: a key must be a word, not a list or a mapping")
            if key.value in seen:
                raise KindsError(f"{name}:{line}: {key.value!r} is already said above")
            seen.add(key.value)
            lines[(*path, key.value)] = line
            _locate(name, value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _locate(name, item, (*path, index), lines)


def validate(document: Document, schema: Mapping[str, Any]) -> None:
    """Check a document against a JSON Schema.

    Raises:
        KindsError: It does not follow the schema; the first place where it does not.
    """
    found = [(error.validator, *_explain(error)) for error in Draft202012Validator(schema).iter_errors(document.data)]
    if found:
        # A mistyped key is an unknown one and a missing one; to say that it is unknown helps more.
        _, path, message = min(found, key=lambda item: (item[0] != "additionalProperties", document.line(item[1])))
        raise document.error(path, message)


def _explain(error: ValidationError) -> tuple[Location, str]:
    """Where an error is and what it is, in words for somebody who never saw JSON Schema."""
    path: Location = tuple(error.absolute_path)
    schema: Any = error.schema
    wanted: Any = error.validator_value
    instance: Any = error.instance
    key = f"{path[-1]}: " if path and isinstance(path[-1], str) else ""
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        unknown = next(name for name in instance if name not in known)
        return (*path, str(unknown)), f"unknown key {unknown!r}{suggestion(str(unknown), known)}"
    if error.validator == "required":
        missing = next(name for name in wanted if name not in instance)
        return path, f"{key}{missing!r} is missing"
    if error.validator == "enum":
        known = [str(value) for value in wanted]
        return path, f"{key}{instance!r} is not one of {', '.join(known)}{suggestion(str(instance), known)}"
    if isinstance(instance, bool):
        remedy = "put quotes around it if the word itself is meant"
        return path, f"{key}YAML reads this word as {str(instance).lower()}; {remedy}"
    return path, f"{key}{_short(instance)} will not do here; wanted: {schema.get('description', error.message)}"


def _short(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` if a known word is close enough, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
