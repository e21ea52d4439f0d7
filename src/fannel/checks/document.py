"""A YAML file with the line of every key, and one laid over another; checked against the JSON Schema beside this file.

Mistakes become CheckError: one line that names file, line, key and what was meant. A key given twice is a mistake.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from fannel.checks.errors import CheckError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from jsonschema import Draft202012Validator, ValidationError

# The loader of libyaml where PyYAML has it: ten times as fast as the one in Python.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Place = tuple[str | int, ...]

_LAID_OVER = 3  # levels of mappings: the file, a section of it, one command
_LIMIT = 256 * 1024  # a check is a page; what is larger is not one


@dataclass(frozen=True, slots=True)
class Document:
    """A check file as data, and in which file and line each part of it is."""

    file: Path
    data: dict[str, Any]
    lines: dict[Place, tuple[Path, int]]

    def error(self, place: Place, problem: str) -> CheckError:
        """A CheckError at this place of the file."""
        return CheckError(*self._where(place), dotted(place), problem)

    def over(self, base: Document) -> Document:
        """This file on top of another: what it says counts, and what it does not say is as in `base`.

        Sections and single commands are merged by key; a list, a parser or a text replaces the other one whole.
        """
        lines = dict(base.lines)
        data = _over(self.data, base.data, (), lines, _LAID_OVER)
        return Document(self.file, data, lines | self.lines)

    def beside(self, place: Place) -> Path:
        """The folder of the file that says what stands at this place."""
        return self._where(place)[0].parent

    def _where(self, place: Place) -> tuple[Path, int]:
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]


def _over(
    top: dict[str, Any], base: dict[str, Any], place: Place, lines: dict[Place, tuple[Path, int]], levels: int
) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        below, here = merged.get(key), (*place, str(key))
        if levels > 1 and isinstance(value, dict) and isinstance(below, dict):
            merged[key] = _over(value, below, here, lines, levels - 1)
        else:
            merged[key] = value
            for old in [old for old in lines if old[: len(here)] == here]:
                del lines[old]
    return merged


def dotted(place: Place) -> str:
    """`verdict[1].when`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read(file: Path) -> Document:
    """Read a check file. What is in it is not looked at: see `validate()`.

    Raises:
        CheckError: It cannot be read, or is no YAML mapping.
    """
    try:
        raw = file.read_bytes()[: _LIMIT + 1]
        text = raw.decode("utf-8")
    except OSError as error:
        raise CheckError(file, 1, "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise CheckError(file, line, "", "is not UTF-8 text") from None
    if len(raw) > _LIMIT:
        raise CheckError(file, 1, "", f"is larger than {_LIMIT // 1024} kB")
    lines: dict[Place, tuple[Path, int]] = {(): (file, 1)}
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            _walk(node, (), lines, file)
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise CheckError(file, mark.line + 1 if mark else 1, "", f"is not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise CheckError(file, 1, "", f"is not YAML: {' '.join(str(error).split())}") from None
    finally:
        loader.dispose()
    document = Document(file, data if isinstance(data, dict) else {}, lines)
    if not isinstance(data, dict):
        raise document.error((), "must be a mapping with the keys commands, facts and verdict")
    return document


def _walk(node: yaml.Node, place: Place, lines: dict[Place, tuple[Path, int]], file: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            line = key.start_mark.line + 1
            if here in lines:
                raise CheckError(file, line, dotted(here), f"is given twice, first in line {lines[here][1]}")
            lines[here] = (file, line)
            _walk(value, here, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[*place, index] = (file, value.start_mark.line + 1)
            _walk(value, (*place, index), lines, file)


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a check file."""
    text = resources.files("fannel.checks").joinpath("check.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@functools.cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    return Draft202012Validator(schema())


def validate(document: Document) -> None:
    """Hold a document against the schema. Raises CheckError."""
    from jsonschema.exceptions import best_match  # noqa: PLC0415  (80 ms; who only judges need not pay)

    error = best_match(_validator().iter_errors(document.data))
    if error is not None:
        place = tuple(error.absolute_path)
        extra = _unknown_key(error)
        raise document.error((*place, extra) if extra else place, _explain(error, extra))


def _unknown_key(error: ValidationError) -> str | None:
    if error.validator != "additionalProperties" or not isinstance(error.instance, dict):
        return None
    known: dict[str, Any] = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    return next((str(key) for key in error.instance if key not in known), None)


def _explain(error: ValidationError, extra: str | None) -> str:
    rule = error.schema if isinstance(error.schema, dict) else {}
    if extra is not None:
        return f"no such key{did_you_mean(extra, _names(rule.get('properties', {})))}"
    if error.validator == "enum":
        return f"{error.instance!r:.60} is none of its values{did_you_mean(str(error.instance), _names(rule['enum']))}"
    if error.validator == "required":
        missing = next(key for key in rule["required"] if f"{key!r} is a required" in error.message)
        return f"the key {missing!r} is missing"
    return f"{rule['description']}, not {error.instance!r:.60}" if "description" in rule else f"{error.message:.160}"


def _names(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values]
