"""recvmmsg(2): many datagrams in one system call, which ctypes makes without Python's global lock.

Each datagram has a slot of `_HEAD` octets, close together so that reading the usual small ones touches little memory,
and behind it a place for the rest of a large one, which costs nothing until it is written to::

    heads  | 512 | 512 | 512 | …        tails  | 65,023 | 65,023 | …
"""

from __future__ import annotations

import ctypes
import functools
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING, NamedTuple

from fannel.intake.datagram import Datagram, Note, Transport
from fannel.intake.listen import MAX_DATAGRAM, plain_address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fannel.intake.listen import Listener

MOST_PER_CALL = 256

_HEAD = 512
_TAIL = MAX_DATAGRAM - _HEAD
# What one datagram takes in memory beside its payload while it is in a chunk: measured, rounded up.
OVERHEAD_OCTETS = 100


class _IoVec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _MsgHdr(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iov_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _MMsgHdr(ctypes.Structure):
    _fields_ = (("header", _MsgHdr), ("length", ctypes.c_uint32))


_UINT = ctypes.sizeof(ctypes.c_uint32)
_LENGTH_AT, _LENGTH_STEP = _MMsgHdr.length.offset // _UINT, ctypes.sizeof(_MMsgHdr) // _UINT
# sockaddr_in and sockaddr_in6 (netinet/in.h): family, port, (flow,) address, (scope).
_NAME_OCTETS = {socket.AF_INET: 16, socket.AF_INET6: 28}
_PORT = struct.Struct("!2xH")


class Chunk(NamedTuple):
    """The datagrams of one call: as little work as can be while the kernel's buffer fills. `datagrams()` does the rest.

    `names` are the senders' socket addresses as the kernel has them, `name_octets` each; `arrivals` what it says about
    where each came to, if it was asked (`fannel.intake.arrival`).
    """

    listener: Listener
    payloads: list[bytes]
    names: bytes
    name_octets: int
    received_at: datetime
    octets: int  # what it takes in memory, about
    arrivals: bytes = b""

    @property
    def wants_answers(self) -> bool:
        """Whether anything in it may have to be answered: on a syslog socket an inform is a strange line, no more."""
        return self.listener.transport is Transport.SNMP_UDP

    def divided(self, most_octets: int) -> Iterator[Chunk]:
        """The same in chunks of at most so many octets, or of one datagram."""
        if self.octets <= most_octets or len(self.payloads) == 1:
            yield self
            return
        middle = len(self.payloads) // 2
        for part in (slice(middle), slice(middle, None)):
            payloads = self.payloads[part]
            names, arrivals = (_parts(all_of, len(self.payloads), part) for all_of in (self.names, self.arrivals))
            octets = _octets(payloads) + len(arrivals)
            yield from self._replace(payloads=payloads, names=names, arrivals=arrivals, octets=octets).divided(
                most_octets
            )

    def arrival(self, place: int) -> bytes:
        """What the kernel says about where the one at that place came to; nothing if it was not asked."""
        return _parts(self.arrivals, len(self.payloads), slice(place, place + 1))

    def datagrams(self) -> Iterator[Datagram]:
        """Each with its sender as text."""
        names, step, at, transport = self.names, self.name_octets, self.received_at, self.listener.transport
        for payload, start in zip(self.payloads, range(0, len(names), step), strict=True):
            yield Datagram(payload, *_sender(names[start : start + step]), at, Note.NONE, transport)


class Vector:
    """The buffers for one socket, and `receive()`. For one thread."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._name_octets = _NAME_OCTETS[listener.socket.family]
        self._recvmmsg = ctypes.CDLL(None, use_errno=True).recvmmsg
        self._recvmmsg.argtypes = (
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_void_p,
        )
        self._heads = (ctypes.c_char * (_HEAD * MOST_PER_CALL))()
        self._tails = (ctypes.c_char * (_TAIL * MOST_PER_CALL))()
        self._names = (ctypes.c_char * (self._name_octets * MOST_PER_CALL))()
        self._arrival_octets = listener.arrival_octets
        self._arrivals = (ctypes.c_char * (self._arrival_octets * MOST_PER_CALL))()
        self._iov = (_IoVec * (2 * MOST_PER_CALL))()
        self._messages = (_MMsgHdr * MOST_PER_CALL)()
        for n, message in enumerate(self._messages):
            head, tail = self._iov[2 * n], self._iov[2 * n + 1]
            head.base, head.length = ctypes.addressof(self._heads) + n * _HEAD, _HEAD
            tail.base, tail.length = ctypes.addressof(self._tails) + n * _TAIL, _TAIL
            header = message.header
            header.name = ctypes.addressof(self._names) + n * self._name_octets
            header.name_length = self._name_octets
            header.iov, header.iov_count = ctypes.addressof(self._iov) + 2 * n * ctypes.sizeof(_IoVec), 2
            if self._arrival_octets:
                header.control = ctypes.addressof(self._arrivals) + n * self._arrival_octets
                header.control_length = self._arrival_octets
        self._where = ctypes.addressof(self._messages)
        self._heads_view = memoryview(self._heads).cast("B")
        self._tails_view = memoryview(self._tails).cast("B")
        self._names_view = memoryview(self._names).cast("B")
        self._arrivals_view = memoryview(self._arrivals).cast("B")
        self._lengths_view = memoryview(self._messages).cast("B").cast("I")[_LENGTH_AT::_LENGTH_STEP]

    def receive(self, received_at: datetime) -> Chunk | None:
        """What the kernel has, up to `MOST_PER_CALL` datagrams; None when it has nothing.

        Raises:
            OSError: what an earlier answer met on its way, reported here (an ICMP error); the socket is fine.
        """
        count: int = self._recvmmsg(
            self._listener.socket.fileno(), self._where, MOST_PER_CALL, socket.MSG_DONTWAIT, None
        )
        if count < 0:
            number = ctypes.get_errno()
            error = OSError(number, os.strerror(number))
            if isinstance(error, (BlockingIOError, InterruptedError)):
                return None
            raise error
        heads = bytes(self._heads_view[: count * _HEAD])
        payloads = [
            heads[start : start + length] if length <= _HEAD else self._large(start, length)
            for start, length in zip(range(0, count * _HEAD, _HEAD), self._lengths_view[:count].tolist(), strict=True)
        ]
        names = bytes(self._names_view[: count * self._name_octets])
        arrivals = bytes(self._arrivals_view[: count * self._arrival_octets])
        octets = _octets(payloads) + len(arrivals)
        return Chunk(self._listener, payloads, names, self._name_octets, received_at, octets, arrivals)

    def _large(self, head: int, length: int) -> bytes:
        tail = head // _HEAD * _TAIL
        return b"".join((self._heads_view[head : head + _HEAD], self._tails_view[tail : tail + length - _HEAD]))


def _parts(all_of: bytes, count: int, part: slice) -> bytes:
    """A part of what has `count` parts of one size."""
    size = len(all_of) // count
    start, stop, _ = part.indices(count)
    return all_of[start * size : stop * size]


def _octets(payloads: list[bytes]) -> int:
    return sum(map(len, payloads)) + OVERHEAD_OCTETS * len(payloads)


def sender_name(family: socket.AddressFamily, address: str, port: int) -> bytes:
    """The socket address of who sent something over a connection, as the kernel has it for a datagram."""
    name = family.to_bytes(2, sys.byteorder) + port.to_bytes(2, "big")
    if family == socket.AF_INET:
        return (name + socket.inet_pton(family, address)).ljust(_NAME_OCTETS[family], b"\0")
    return (name + bytes(4) + socket.inet_pton(family, address)).ljust(_NAME_OCTETS[family], b"\0")


# Ten thousand devices fit, at a few megabytes; those who send from ever new ports only cost themselves time.
@functools.lru_cache(maxsize=16_384)
def _sender(name: bytes) -> tuple[str, int]:
    """Address and port of a socket address."""
    (port,) = _PORT.unpack_from(name)
    if len(name) == _NAME_OCTETS[socket.AF_INET]:
        return socket.inet_ntop(socket.AF_INET, name[4:8]), port
    return plain_address(socket.inet_ntop(socket.AF_INET6, name[8:24])), port
