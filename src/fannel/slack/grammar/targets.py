"""What is meant: hosts, interfaces, problems and groups of the tokens of a line, all of it known, or a reason why not.

The targets stand together, joined by nothing but small words. What is scattered, unknown or of two readings is asked
back: a silence on the wrong device is worse than another line to write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Final

from fannel.slack.grammar import vocabulary as v
from fannel.slack.grammar.known import FEWEST_LITERALS, literals
from fannel.slack.grammar.request import Misfit, Target
from fannel.slack.grammar.tokens import TARGET_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.slack.grammar.known import Known
    from fannel.slack.grammar.request import Limits
    from fannel.slack.grammar.tokens import Token

# Names that the globs of one line may be compared with.
_MOST_COMPARED: Final = 20_000
_OF = re.compile(r"[\s,]*(?:on|of|at|@)(?![A-Za-z0-9])", re.IGNORECASE)
_NEXT = re.compile(
    r"\s*(?:and\b|&|\+|と|および|及び)\s*(?:the\s+)?([A-Za-z0-9][A-Za-z0-9_.-]{0,64})", re.IGNORECASE | re.ASCII
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{3,63}", re.ASCII)
_MORE = re.compile(r"[A-Za-z]{3,}|[\u30a0-\u30ff\u4e00-\u9fff]{2,}")
_ANY: Final[tuple[str | None, ...]] = (None,)
_IGNORED = frozenset({"from", "until", "dash", "field"})


@dataclass(frozen=True, slots=True)
class Found:
    """The targets, and the part of the line that names them."""

    targets: tuple[Target, ...] = ()
    span: tuple[int, int] | None = None


def read_targets(
    line: str, tokens: Sequence[Token], cut: int, known: Known, about: Target | None, limits: Limits
) -> Found:
    """The targets that the tokens name. Behind `cut` verb and window are over: what is strange there is a reason.

    Raises:
        Misfit: something is unknown, shared, scattered or too much.
    """
    groups = _groups(line, tokens)
    certain = [group for group in groups if any(token.kind != "stranger" for token in group)]
    certain = [group for group in certain if not _is_reason(line, group, cut, alone=len(certain) == 1)]
    for group in groups:
        if group not in certain and (group[0].start < cut or not certain) and group[0].kind == "stranger":
            raise _unknown(group[0].text, known)
    if not certain:
        if about is None:
            return Found()
        return Found((about,))
    if len(certain) > 1:
        raise Misfit("scattered", {"first": _text(line, certain[0]), "second": _text(line, certain[1])})
    (group,) = certain
    _refuse_neighbors(line, group, cut, known)
    targets = _targets(line, group, tokens, known, about)
    if len(targets) > limits.targets:
        raise Misfit("too_many", {"targets": str(limits.targets)})
    return Found(targets, (group[0].start, group[-1].end))


def _groups(line: str, tokens: Sequence[Token]) -> list[list[Token]]:
    """The target tokens, those together that only small words part."""
    groups: list[list[Token]] = []
    last_end: int | None = None
    for token in tokens:
        if token.kind in TARGET_KINDS:
            if groups and last_end is not None and v.GLUE.fullmatch(line, last_end, token.start):
                groups[-1].append(token)
            else:
                groups.append([token])
            last_end = token.end
        elif token.kind in _IGNORED:
            if last_end is not None and v.GLUE.fullmatch(line, last_end, token.start):
                last_end = token.end
        elif token.kind != "word":
            last_end = None
    return groups


def _is_reason(line: str, group: list[Token], cut: int, *, alone: bool) -> bool:
    """Whether it names a protocol only, in a text that goes on: `2h BGP maintenance`."""
    if alone or group[0].start < cut or any(token.kind != "problem" for token in group):
        return False
    return _goes_on(line, group[-1].end)


def _goes_on(line: str, at: int) -> bool:
    glue = v.GLUE.match(line, at)
    return (glue.end() if glue else at) < len(line)


def _refuse_neighbors(line: str, group: list[Token], cut: int, known: Known) -> None:
    """What stands beside the targets and may be meant as one, too."""
    end = group[-1].end
    if end >= cut and group[-1].kind != "problem":
        return
    if found := _NEXT.match(line, end):
        raise _unknown(found[1], known)
    behind = v.GLUE.match(line, end)
    word = _WORD.match(line, behind.end() if behind else end)
    if word is not None and word.start() < cut and known.near(word[0])[:1] and "-" in word[0]:
        raise _unknown(word[0], known)


def _targets(
    line: str, group: list[Token], tokens: Sequence[Token], known: Known, about: Target | None
) -> tuple[Target, ...]:
    naming = _Naming(known)
    for at, token in enumerate(group):
        naming.take(line, group, at, token)
    return naming.targets(line, group, tokens, about)


class _Naming:
    """What the tokens of one group name, taken one after the other."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._places: list[tuple[Target, list[str]]] = []  # where, and the interfaces meant there
        self._waiting: list[str] = []  # interfaces that are named before their host
        self._problems: list[str] = []
        self._subjects: list[str] = []
        self._groups: dict[str, list[str]] = {"site": [], "role": []}
        self._budget = _MOST_COMPARED

    def take(self, line: str, group: list[Token], at: int, token: Token) -> None:
        """The next token."""
        if token.kind == "problem":
            self._problems.append(token.value)
        elif token.kind == "group":
            label, name = token.value
            self._groups[label].append(_group(label, name, self._known))
        elif token.kind == "address":
            if not self._problems or group[at - 1].kind not in ("problem", "address"):
                raise Misfit("unknown_address", {"address": token.text})
            self._subjects.append(token.value)
        elif token.kind == "interface":
            self._take_interface(line, group, at, token)
        else:
            self._take_host(token)
            self._places[-1][1].extend(self._waiting)
            self._waiting = []

    def _take_interface(self, line: str, group: list[Token], at: int, token: Token) -> None:
        following = group[at + 1] if at + 1 < len(group) else None
        of_next = following is not None and following.kind in ("host", "glob") and _OF.match(line, token.end)
        interface = _interface(token.value)
        if not self._places or of_next or self._waiting:
            self._waiting.append(interface)
            return
        self._places[-1][1].append(interface)
        # `rt1, rt2 Gi0/1`: of rt2, or of both? `rt1, rt2:Gi0/1` says it.
        alone = len(self._places) == 1 or len(self._places[-1][1]) > 1 or self._places[-2][1]
        if not alone and not line[group[at - 1].end : token.start].strip():
            raise Misfit("which_host", {"interface": token.value})

    def _take_host(self, token: Token) -> None:
        if token.kind == "stranger":
            raise _unknown(token.text, self._known)
        if token.kind == "shared":
            raise Misfit("shared_name", {"name": token.text, "names": ", ".join(token.value[:4])}, token.value[:3])
        if token.kind == "glob":
            if literals(token.text) < FEWEST_LITERALS:
                raise Misfit("wide_glob", {"glob": token.text, "fewest": str(FEWEST_LITERALS)})
            self._budget -= self._known.costs(token.text)
            if self._budget < 0:
                raise Misfit("too_many_globs")
            if not self._known.like(token.text):
                raise Misfit("no_match", {"glob": token.text})
        self._places.append((Target(host=token.text if token.kind == "glob" else token.value), []))

    def targets(
        self, line: str, group: list[Token], tokens: Sequence[Token], about: Target | None
    ) -> tuple[Target, ...]:
        """All of it together."""
        places = self._places + [(place, []) for place in _grouped(self._groups)]
        if not places and about is not None:
            places = [(Target(host=about.host, site=about.site, role=about.role), [])]
        if not places:
            raise Misfit("no_host", {"what": " ".join(token.text for token in group)})
        if self._waiting and len(places) == 1:
            places[0][1].extend(self._waiting)
        shared = group[0].kind == "interface" and len(places) > 1 and not all(interfaces for _, interfaces in places)
        if shared or (self._waiting and len(places) > 1):
            raise Misfit("which_host", {"interface": group[0].value if shared else self._waiting[0]})
        if self._problems and _goes_on_with_words(line, group, tokens):
            raise Misfit("problem_or_reason", {"problem": group[-1].text})
        return _product(places, self._problems, self._subjects)


def _goes_on_with_words(line: str, group: list[Token], tokens: Sequence[Token]) -> bool:
    """Whether the last of it is a protocol's name with more words to it: `rt1 BGP work 2h`."""
    if group[-1].kind != "problem":
        return False
    glue = v.GLUE.match(line, group[-1].end)
    behind = glue.end() if glue else group[-1].end
    return bool(_MORE.match(line, behind)) and all(token.start != behind or token.kind == "word" for token in tokens)


def _product(places: list[tuple[Target, list[str]]], problems: list[str], subjects: list[str]) -> tuple[Target, ...]:
    found = (
        replace(place, interface=interface, problem=problem, subject=subject)
        for place, interfaces in places
        for interface, problem, subject in product(interfaces or _ANY, problems or _ANY, subjects or _ANY)
    )
    return tuple(dict.fromkeys(found))


def _interface(text: str) -> str:
    if v.INTERFACE_RANGE.fullmatch(text):
        raise Misfit("interface_range", {"interface": text})
    return text


def _group(label: str, name: str, known: Known) -> str:
    names = known.sites if label == "site" else known.roles
    found = names.get(name.casefold())
    if found is None:
        listed = ", ".join(sorted(names.values())[:8]) or "-"
        raise Misfit("unknown_group", {"label": label, "name": name, "names": listed})
    return found


def _grouped(groups: dict[str, list[str]]) -> list[Target]:
    sites, roles = groups["site"], groups["role"]
    if sites and roles:
        return [Target(site=site, role=role) for site in sites for role in roles]
    return [Target(site=site) for site in sites] + [Target(role=role) for role in roles]


def _unknown(text: str, known: Known) -> Misfit:
    folded = text.casefold()
    for label, names in (("site", known.sites), ("role", known.roles)):
        if folded in names:
            return Misfit("say_group", {"name": text, "label": label}, (f"{label} {names[folded]}",))
    near = known.near(text)
    return Misfit("unknown_host" if near else "strange_host", {"name": text, "near": ", ".join(near)}, near)


def guess(line: str, spans: Sequence[tuple[int, int]], known: Known) -> Misfit:
    """What may have been meant as a target in a line that names none."""
    for word in list(_WORD.finditer(line))[:8]:
        if any(start < word.end() and word.start() < end for start, end in spans):
            continue
        folded = word[0].casefold().rstrip(".")
        if folded in known.sites or folded in known.roles or known.near(folded):
            return _unknown(word[0].rstrip("."), known)
    return Misfit("no_target")


def _text(line: str, group: list[Token]) -> str:
    return line[group[0].start : group[-1].end]
