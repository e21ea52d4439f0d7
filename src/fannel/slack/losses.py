"""What FANNEL says of notifications it lost: how many, how, and what helps. Pure.

The reasons are those of the counter `fannel_datagrams_lost_total`; one that has no words here is shown as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fannel.slack import text

if TYPE_CHECKING:
    from collections.abc import Mapping

_REASON = 60


class _Loss(NamedTuple):
    """A reason in words that go on from a number, and the first step against it."""

    words: str
    remedy: str


_DISK = "Look at the disk under spool.directory: full, read-only, broken or too slow."
_BEHIND = "See in /readyz of the source what keeps the rules behind; or raise spool.octets."
_REASONS = {
    "kernel": _Loss(
        "the kernel dropped (receive buffer full)", "Raise net.core.rmem_max and restart the receiver: docs/running.md."
    ),
    "buffer_full": _Loss("the receiver had no room for (disk slower than the network)", _DISK),
    "spool_refused": _Loss("the disk did not take", _DISK),
    "spool_full_info": _Loss("the full spool gave up (oldest that only inform)", _BEHIND),
    "spool_full": _Loss("the full spool gave up (oldest of all)", _BEHIND),
    "spool_age": _Loss("grew too old in the spool", _BEHIND),
    "spool_damaged": _Loss("were in a damaged spool file", "Check the disk; the damaged file was put aside beside it."),
    "defect": _Loss("FANNEL could not cope with (a defect)", "Report it with the traceback that is in FANNEL's log."),
}


def total(lost: Mapping[str, int]) -> str:
    """`1,234 notifications`."""
    count = sum(lost.values())
    return f"{count:,} notification{'' if count == 1 else 's'}"


def ways(lost: Mapping[str, int]) -> list[str]:
    """`1,200 the kernel dropped (receive buffer full)`, one line a reason, most first; foreign text, not escaped."""
    return [f"{count:,} {_words(reason)}" for reason, count in _most_first(lost)]


def remedies(lost: Mapping[str, int]) -> list[str]:
    """What to do, the greatest loss first, nothing twice; our own words."""
    return list(dict.fromkeys(_REASONS[reason].remedy for reason, _ in _most_first(lost) if reason in _REASONS))


def _most_first(lost: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(lost.items(), key=lambda item: -item[1])


def _words(reason: str) -> str:
    return (
        _REASONS[reason].words if reason in _REASONS else f"lost: {text.one_line(reason.replace('_', ' '))[:_REASON]}"
    )
