"""What FANNEL says of notifications it lost: how many, how, and what helps. Pure.

The reasons are those of the counter `fannel_datagrams_lost_total`; one that has no words is shown as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.slack import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.slack.words.catalogue import Losses

_REASON = 60


def head(lost: Mapping[str, int], words: Losses) -> str:
    """`FANNEL lost 1,234 notifications`."""
    return words.head.of(sum(lost.values()))


def ways(lost: Mapping[str, int], words: Losses) -> list[str]:
    """`1,200 the kernel dropped (receive buffer full)`, one line a reason, most first; foreign text, not escaped."""
    return [_way(count, reason, words) for reason, count in _most_first(lost)]


def remedies(lost: Mapping[str, int], words: Losses) -> list[str]:
    """What to do, the greatest loss first, nothing twice; our own words."""
    return list(dict.fromkeys(words.remedies[reason] for reason, _ in _most_first(lost) if reason in words.remedies))


def _most_first(lost: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(lost.items(), key=lambda item: -item[1])


def _way(count: int, reason: str, words: Losses) -> str:
    if reason in words.ways:
        return words.ways[reason].format(n=f"{count:,}")
    return words.other_way.format(n=f"{count:,}", reason=text.one_line(reason.replace("_", " "))[:_REASON])
