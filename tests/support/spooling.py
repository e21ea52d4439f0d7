"""Datagrams and clocks for the spool's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fannel.intake.datagram import Datagram
from fannel.intake.spool import Bounds, open_reader, open_writer
from fannel.intake.spool.writer import Clock

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


def datagram(payload=b"raise", n=0, source="192.0.2.1"):
    return Datagram(payload, source, 40_000 + n % 1000, NOON + timedelta(microseconds=n))


def numbered(first, count, size=200):
    """`count` datagrams whose payloads tell them apart."""
    return [datagram(b"%08d" % n + bytes(size - 8), n) for n in range(first, first + count)]


def numbers(spooled):
    return [int(s.datagram.payload[:8]) for s in spooled]


def is_info(found):
    return found.payload.startswith(b"info")


class Hands:
    """Two clocks that stand still until a test moves them."""

    def __init__(self, wall=1_795_000_000.0, monotonic=1000.0):
        self.wall, self.monotonic = wall, monotonic

    def pass_(self, seconds):
        self.wall += seconds
        self.monotonic += seconds

    def clock(self):
        return Clock(lambda: self.wall, lambda: self.monotonic)


def writer(directory, *, hands=None, **bounds):
    return open_writer(
        directory, is_info=is_info, bounds=Bounds(**bounds), clock=hands.clock() if hands is not None else None
    )


def reader(directory):
    return open_reader(directory)


def read_all(end, most=100_000):
    return list(end.read(None, most))
