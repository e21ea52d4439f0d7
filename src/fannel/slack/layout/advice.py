"""What to do next when FANNEL could not judge: the reason a check gives, turned into a first step for a person."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.slack.words.catalogue import Steps

# First match wins, so the narrower cause stands above the wider one it could be mistaken for. What is looked at is the
# reason as FANNEL and Ansible give it, whatever language it is told in.
_STEPS: tuple[tuple[re.Pattern[str], Callable[[Steps], str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), step)
    for pattern, step in (
        (r"another run", attrgetter("busy")),
        (r"pagoda", attrgetter("unknown_device")),
        (r"host key", attrgetter("host_key")),
        (r"\benable\b|privilege|authori[sz]", attrgetter("privilege")),
        (r"log ?in|password|credential|authenticat|permission denied", attrgetter("login")),
        (r"no check\b|no such check|not supported", attrgetter("no_check")),
        (r"unreachable|no route|timed? ?out|refused|connect|resolve", attrgetter("unreachable")),
        (r"pars|understand|recogni[sz]|template", attrgetter("unread")),
    )
)


def next_step(reason: str, steps: Steps) -> str:
    """One sentence for the thread."""
    return next((step(steps) for pattern, step in _STEPS if pattern.search(reason)), steps.other)
