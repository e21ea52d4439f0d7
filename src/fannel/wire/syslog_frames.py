r"""Syslog over a connection, cut into lines as RFC 6587 tells, and as senders do. Pure.

    octet counting (§3.4.1, and all there is in RFC 5425's TLS)     MSG-LEN SP SYSLOG-MSG, end to end
    non-transparent framing (§3.4.2)                                SYSLOG-MSG LF, or NUL

A connection may use either, and is not asked which: each frame tells by how it begins. Where a count has led astray the
next line feed is taken for the end of a line. A line longer than `most` octets is cut there, and its rest passed over.
"""

from __future__ import annotations

import re

# A count is one when a PRI follows, or when the frames before it had one, too: lines may begin with a number.
_COUNT = re.compile(rb"([1-9]\d{0,8}) ")
_COUNT_SO_FAR = re.compile(rb"[1-9]\d{0,8} ?\Z")
_BETWEEN = re.compile(rb"[\r\n\0]+")
# NUL ends a line where nothing, or another one, follows; elsewhere it is the device's own garbage.
_END = re.compile(rb"\n|\0(?=[<\r\n\0]|\Z)")
_PRI = b"<"


class Frames:
    """What one connection sends. It holds no more than `most` octets and what one `feed()` brought."""

    __slots__ = ("_buffer", "_counted", "_looked", "_most", "_passing_line", "_passing_octets", "cut")

    def __init__(self, most: int) -> None:
        self._most = most
        self._buffer = bytearray()
        self._looked = 0  # no end of a line before here
        self._counted = False
        self._passing_octets = 0
        self._passing_line = False
        self.cut = 0  # lines that were longer

    def __len__(self) -> int:
        return len(self._buffer)

    def feed(self, octets: bytes) -> list[bytes]:
        """The lines that are whole now, in order."""
        self._buffer += octets
        lines: list[bytes] = []
        while (line := self._next()) is not None:
            if line:
                lines.append(line)
        return lines

    def end(self) -> bytes | None:
        """What came of a line that will not become whole: the connection is over."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        if self._passing_octets or self._passing_line:
            return None
        if (count := _COUNT.match(rest)) is not None and self._is_count(rest, count):
            rest = rest[count.end() :]
        return rest[: self._most].strip(b"\r\n\0") or None

    def _next(self) -> bytes | None:
        """The next line; None when there is none yet. An empty one is none, but something was done."""
        buffer = self._buffer
        if self._passing_octets:
            gone = min(self._passing_octets, len(buffer))
            del buffer[:gone]
            self._passing_octets -= gone
        if self._passing_line:
            return self._pass_line()
        if not self._looked and (between := _BETWEEN.match(buffer)):
            del buffer[: between.end()]
        if not buffer:
            return None
        if not self._looked:
            count = _COUNT.match(buffer)
            if count is not None and count.end() < len(buffer) and self._is_count(buffer, count):
                return self._counted_line(int(count[1]), count.end())
            if _COUNT_SO_FAR.match(buffer):
                return None
        return self._line()

    def _is_count(self, buffer: bytes | bytearray, count: re.Match[bytes]) -> bool:
        return self._counted or buffer.startswith(_PRI, count.end())

    def _counted_line(self, octets: int, start: int) -> bytes | None:
        buffer = self._buffer
        kept = min(octets, self._most)
        if len(buffer) - start < kept:
            return None
        self._counted = True
        line = bytes(buffer[start : start + kept])
        del buffer[: start + kept]
        if octets > kept:
            self.cut += 1
            self._passing_octets = octets - kept
        return line

    def _line(self) -> bytes | None:
        buffer = self._buffer
        end = _END.search(buffer, self._looked)
        if end is not None and end.start() <= self._most:
            line = bytes(buffer[: end.start()])
            del buffer[: end.end()]
            self._looked, self._counted = 0, False
            return line.rstrip(b"\r")
        if len(buffer) > self._most:
            line = bytes(buffer[: self._most])
            del buffer[: self._most]
            self._looked, self._counted = 0, False
            self.cut += 1
            self._passing_line = True
            return line
        self._looked = len(buffer)
        return None

    def _pass_line(self) -> bytes | None:
        end = _END.search(self._buffer)
        if end is None:
            self._buffer.clear()
            return None
        del self._buffer[: end.end()]
        self._passing_line = False
        return b""
