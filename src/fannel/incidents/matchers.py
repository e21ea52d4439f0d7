"""Matchers as people write them, on the command line and in files: `host=rt1`, `interface~Gi0/*`, `kind=~bgp_.*`.

The same form that a silence is described in.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final, cast, get_args

from fannel.event import Severity
from fannel.incidents.silence import FIELDS, Matcher, SilenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fannel.incidents.silence import Field, Operator, Scope

_OPERATORS: Final[Mapping[str, Operator]] = {"=~": "regex", "=": "equal", "~": "glob"}
_WRITTEN: Final = re.compile(r"\s*([^=~\s]+)\s*(=~|=|~)\s*(.*?)\s*", re.DOTALL)

MEANT: Final = "field=value, field~glob or field=~regex, as in host=rt1, interface~Gi0/*, kind=~bgp_.*"


def matcher_of(text: str) -> Matcher:
    """The matcher that a text is.

    Raises:
        SilenceError: it is none; says what is meant.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise SilenceError(f"{text!r:.80}: no matcher; meant is {MEANT}")
    field, sign, value = found.groups()
    if field not in FIELDS:
        near = difflib.get_close_matches(field, FIELDS, n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(FIELDS))}"
        raise SilenceError(f"{field!r:.80}: no such field; {meant}")
    severities = get_args(Severity)
    if field == "severity" and sign == "=" and value.casefold() not in severities:
        raise SilenceError(f"severity={value:.40}: no such severity; there are {', '.join(severities)}")
    return Matcher(cast("Field", field), _OPERATORS[sign], value)


def scope_of(texts: Iterable[str]) -> Scope:
    """Matchers that must all match.

    Raises:
        SilenceError: one of them is none, or there is none at all.
    """
    scope = tuple(map(matcher_of, texts))
    if not scope:
        raise SilenceError(f"nothing is said of what is meant; {MEANT}")
    return scope
