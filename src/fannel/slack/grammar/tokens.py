"""A line as tokens: one pass of one pattern, whose alternatives all end within a bounded number of characters.

What no alternative knows is free text between tokens. Which run of letters is a host, an interface or neither is told
by `Known` and by a closed list of interface prefixes, never by looks alone.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from fannel.slack.grammar import vocabulary as v
from fannel.slack.grammar.request import GLOB_MARKS

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from fannel.slack.grammar.known import Known

Kind: TypeAlias = Literal[
    "verb",
    "negation",
    "exception",
    "recurring",
    "severity",
    "later",
    "reason",
    "field",
    "number",
    # when
    "date",
    "time",
    "duration",
    "zone",
    "now",
    "until",
    "from",
    "dash",
    "endless",
    "day_only",
    # what
    "host",
    "shared",
    "glob",
    "address",
    "stranger",
    "interface",
    "problem",
    "group",
    "word",
]


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a line. `value` depends on the kind: the action of a verb, the name of a host, a match of a moment."""

    kind: Kind
    text: str
    start: int
    end: int
    value: Any = None


def tokens_of(line: str, known: Known) -> list[Token]:
    """The tokens of a line in their order; free text is between them."""
    found: list[Token] = []
    for match in v.TOKEN.finditer(line):
        kind = match.lastgroup
        if kind == "run":
            found += _run(match, known)
        elif kind == "labelled":
            found += _labelled(match, known)
        elif kind == "spaced_interface":
            found.append(Token("interface", match[0], match.start(), match.end(), match[0].replace(" ", "")))
        else:
            found.append(_token(match))
    return found


def _token(match: re.Match[str]) -> Token:
    kind: Any = match.lastgroup
    value: Any = None
    if kind in v.VERBS:
        kind, value = "verb", kind
    elif kind in ("iso", "month_day", "day", "weekday", "relative", "named_month", "bad_date"):
        kind, value = "date", match
    elif kind in ("time", "duration", "zone", "day_only"):
        value = match
    elif kind == "number":
        value = int(match["id"])
    elif kind == "problem":
        value = v.PROBLEMS[match[0].casefold().replace("-", "")]
    return Token(kind, match[0], match.start(), match.end(), value)


def _labelled(match: re.Match[str], known: Known) -> Iterator[Token]:
    """`host X`, `site X`, `role X`, `interface X`: the label says what X is."""
    label = v.LABELS[(match["label"] or match["label_strict"] or match["label_ja"]).casefold()]
    text = match["named"].rstrip(v.TRAILING)
    start = match.start("named")
    end = start + len(text)
    if label == "host":
        first, *more = _split(text, start, known, labelled=True)
        yield replace(first, start=match.start())
        yield from more
    elif label != "interface":
        yield Token("group", text, match.start(), end, (label, text))
    elif known.called(text):
        yield from _host(text, start, known, labelled=False)
    elif v.DIGIT.search(text) or not GLOB_MARKS.isdisjoint(text):
        yield Token("interface", text, match.start(), end, text)
    else:
        yield Token("word", match[0], match.start(), end)  # "interface cards"


def _run(match: re.Match[str], known: Known) -> Iterator[Token]:
    text = match[0].rstrip(v.TRAILING)
    asked = text.removesuffix("?")
    if asked != text and GLOB_MARKS.isdisjoint(asked) and (known.called(asked) or v.WORD.fullmatch(asked)):
        text = asked  # a question, not a pattern
    if v.PROBLEM.fullmatch(text) and not known.called(text):
        yield Token("problem", text, match.start(), match.start() + len(text), text)
    elif text:
        yield from _split(text, match.start(), known, labelled=False)


def _split(text: str, start: int, known: Known, *, labelled: bool) -> Iterator[Token]:
    """A host, or a host and its interface in one: `rt1:Gi0/1`."""
    if not known.called(text):
        for mark in (":", "/", "="):
            left, found, right = text.partition(mark)
            if found and _may_be_host(left, known) and (v.INTERFACE.fullmatch(right) or v.PORT.fullmatch(right)):
                yield from _host(left, start, known, labelled=True)
                yield Token("interface", right, start + len(left) + 1, start + len(text), right)
                return
    yield from _host(text, start, known, labelled=labelled)


def _may_be_host(text: str, known: Known) -> bool:
    if known.called(text):
        return True
    return (not GLOB_MARKS.isdisjoint(text) or bool(v.HOSTLIKE.fullmatch(text))) and not v.INTERFACE.fullmatch(text)


def _host(text: str, start: int, known: Known, *, labelled: bool) -> Iterator[Token]:
    end = start + len(text)
    called = known.called(text)
    if len(called) == 1:
        yield Token("host", text, start, end, called[0])
    elif called:
        yield Token("shared", text, start, end, tuple(called))
    elif (address := _address(text)) is not None:
        yield Token("host" if labelled else "address", text, start, end, address)
    elif v.INTERFACE.fullmatch(text) and not labelled:
        yield Token("interface", text, start, end, text)
    elif not GLOB_MARKS.isdisjoint(text):
        yield Token("glob", text, start, end, text)
    else:
        strange = labelled or v.HOSTLIKE.fullmatch(text) is not None or ("-" in text and known.near(text))
        yield Token("stranger" if strange else "word", text, start, end, text)


def _address(text: str) -> str | None:
    if text.count(".") != _DOTS and ":" not in text:
        return None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


_DOTS: Final = 3
TARGET_KINDS: Final = frozenset({"host", "shared", "glob", "address", "stranger", "interface", "problem", "group"})
WINDOW_KINDS: Final = frozenset({"date", "time", "duration", "now", "until", "from", "dash", "endless", "day_only"})
