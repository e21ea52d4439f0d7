"""Which of many patterns a name may match, without trying each: by three characters that the name has to hold.

Of every glob the three that fewest other globs hold are looked up; patterns without three characters of their own, and
regular expressions, are one automaton.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import re2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fannel.incidents.silence import Matcher

_GRAM: Final = 3
_MARKS: Final = re.compile(r"\*|\?|\[.[^]]*\]", re.DOTALL)


class Patterns:
    """`candidates(name)` are the numbers of all patterns that match a folded name, and of a few that do not."""

    def __init__(self, matchers: Iterable[tuple[int, Matcher]]) -> None:
        own = [(number, matcher, set(_grams(matcher))) for number, matcher in matchers]
        common = Counter(gram for _, _, grams in own for gram in grams)
        self._by_gram: dict[str, list[int]] = defaultdict(list)
        self._of_set: list[int] = []
        self._set = re2.Set.FullMatchSet()
        for number, matcher, grams in own:
            if grams:
                self._by_gram[min(grams, key=lambda gram: (common[gram], gram))].append(number)
            else:
                self._set.Add(matcher.pattern)
                self._of_set.append(number)
        if self._of_set:
            self._set.Compile()

    def candidates(self, name: str) -> set[int]:
        """Those that have to be tried."""
        found: set[int] = set()
        if by_gram := self._by_gram:
            for at in range(len(name) - _GRAM + 1):
                if (numbers := by_gram.get(name[at : at + _GRAM])) is not None:
                    found.update(numbers)
        if self._of_set:
            found.update(self._of_set[number] for number in self._set.Match(name) or ())
        return found


def _grams(matcher: Matcher) -> Iterator[str]:
    """Every three characters that a name must hold one after the other to match."""
    if matcher.operator != "glob":
        return
    for literal in _MARKS.split(matcher.folded):
        for at in range(len(literal) - _GRAM + 1):
            yield literal[at : at + _GRAM]
