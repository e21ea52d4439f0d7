"""The same message some times a minute and no more, however often it would be said; then how often it was not.

Pure: the time is passed in. A message is its logger and its text; what differs in its values is not another message.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

LINES, WINDOW_S = 20, 60.0
_MOST_MESSAGES = 500

_Message = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many lines of a message were not written since its window began."""

    logger: str
    event: str
    lines: int


@dataclass(slots=True)
class _Window:
    began: float
    lines: int = 0
    left_out: int = 0


class LineLimit:
    """Up to `lines` of a message within `window_s`, which begins with the first. Bounded; not thread-safe.

    Times are seconds of a clock that only runs forward.
    """

    def __init__(self, lines: int = LINES, window_s: float = WINDOW_S, most_messages: int = _MOST_MESSAGES) -> None:
        self.lines, self.window_s = lines, window_s
        self._most_messages = most_messages
        # In the order they began, so that those that are over come first.
        self._windows: OrderedDict[_Message, _Window] = OrderedDict()

    def allows(self, logger: str, event: str, now: float) -> int:
        """How many more lines of this message may be written, this one included; 0: this one is left out."""
        window = self._windows.setdefault((logger, event), _Window(now))
        if window.lines < self.lines:
            window.lines += 1
            return self.lines - window.lines + 1
        window.left_out += 1
        return 0

    def over(self, now: float) -> list[LeftOut]:
        """What was left out in windows that are over, or that make room; to be called before `allows`."""
        ended = []
        while self._windows:
            message, window = next(iter(self._windows.items()))
            if now - window.began < self.window_s and len(self._windows) < self._most_messages:
                break
            del self._windows[message]
            ended.append(LeftOut(*message, window.left_out))
        return [one for one in ended if one.lines]

    def all(self) -> list[LeftOut]:
        """What was left out and not said yet; nothing is remembered afterwards."""
        left_out = [LeftOut(*message, window.left_out) for message, window in self._windows.items()]
        self._windows.clear()
        return [one for one in left_out if one.lines]
