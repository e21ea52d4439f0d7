"""`python -m fannel.lab.bench.informer PORT SENDERS SECONDS`: senders of informs, in one process.

Each has a socket of its own and one inform under way: it sends the next when the Response came and was checked, and
the same again when none came within a second, as devices do. Says what it saw as a line of JSON.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from dataclasses import dataclass, field

from fannel.lab.bench.child import answer
from fannel.lab.bench.datagrams import FIRST_REQUEST_ID, device_address, link_down
from fannel.lab.bench.figure import percentile

AGAIN_AFTER_S = 1.0
# A PDU's tag, and the four octets of the request id behind the tag and length in front of them.
_INFORM, _RESPONSE = 0xA6, 0xA2
_TEMPLATE = link_down(3, FIRST_REQUEST_ID, pdu="inform")
_ID_AT = _TEMPLATE.index(FIRST_REQUEST_ID.to_bytes(4))
_TAG_AT = _TEMPLATE.index(b"public") + len(b"public")


def inform(number: int) -> bytes:
    """Inform number `number`, with a request id of its own."""
    return _TEMPLATE[:_ID_AT] + (FIRST_REQUEST_ID + number).to_bytes(4) + _TEMPLATE[_ID_AT + 4 :]


def response_to(datagram: bytes) -> bytes:
    """What RFC 3416 §4.2.7 wants back: the same message, its PDU a Response."""
    return datagram[:_TAG_AT] + bytes([_RESPONSE]) + datagram[_TAG_AT + 1 :]


@dataclass(slots=True)
class Sender:
    """One device: what it sent last and when."""

    socket: socket.socket
    sent: bytes = b""
    at: float = 0.0
    first_at: float = 0.0

    def send(self, datagram: bytes, *, again: bool = False) -> None:
        """Send an inform."""
        self.at = time.monotonic()
        self.sent = datagram
        if not again:
            self.first_at = self.at
        try:
            self.socket.send(datagram)
        except OSError:  # nobody listens: it is repeated in a second
            return


@dataclass(slots=True)
class Seen:
    """What all of them saw."""

    latencies: list[float] = field(default_factory=list)
    wrong: int = 0
    late: int = 0
    repeated: int = 0


def run(senders: list[Sender], seconds: float) -> tuple[Seen, float]:
    """Inform until the time is up, then wait for what is under way; what was seen, and how long it took."""
    seen, number = Seen(), 0
    poll = select.epoll()
    by_descriptor = {}
    for sender in senders:
        poll.register(sender.socket, select.EPOLLIN)
        by_descriptor[sender.socket.fileno()] = sender
    started = time.monotonic()
    ends, gives_up = started + seconds, started + seconds + 5 * AGAIN_AFTER_S
    for sender in senders:
        sender.send(inform(number))
        number += 1
    waiting, last, looked = len(senders), started, started
    while waiting and time.monotonic() < gives_up:
        for descriptor, _ in poll.poll(0.05):
            sender = by_descriptor[descriptor]
            verdict = _check(sender)
            if verdict is None:
                seen.late += 1
                continue
            last = time.monotonic()
            seen.latencies.append(last - sender.first_at)
            seen.wrong += not verdict
            if last < ends:
                sender.send(inform(number))
                number += 1
            else:
                sender.sent = b""
                waiting -= 1
        if time.monotonic() - looked > AGAIN_AFTER_S / 10:
            looked = time.monotonic()
            seen.repeated += _repeat(senders, looked)
    poll.close()
    return seen, last - started


def _check(sender: Sender) -> bool | None:
    """Whether what came is the Response to what was sent; None when it answers an earlier one (sent twice)."""
    try:
        came = sender.socket.recv(65_535)
    except OSError:
        return None
    expected = response_to(sender.sent) if sender.sent else b""
    if came == expected:
        return True
    return None if came[_ID_AT : _ID_AT + 4] != sender.sent[_ID_AT : _ID_AT + 4] else False


def _repeat(senders: list[Sender], now: float) -> int:
    overdue = [sender for sender in senders if sender.sent and now - sender.at > AGAIN_AFTER_S]
    for sender in overdue:
        sender.send(sender.sent, again=True)
    return len(overdue)


def main() -> None:
    """Open the sockets, wait for the word, inform, say."""
    port, count, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    senders = []
    for device in range(count):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.settimeout(0)
        made.bind((device_address(device), 0))
        made.connect(("127.0.0.1", port))
        senders.append(Sender(made))
    answer(ready=True)
    sys.stdin.readline()
    spent = time.process_time()
    seen, took = run(senders, seconds)
    times = seen.latencies
    shares = {"p50_ms": 0.5, "p99_ms": 0.99, "worst_ms": 1.0}
    answer(
        answered=len(times),
        seconds=max(took, 1e-9),
        cpu_s=time.process_time() - spent,
        wrong=seen.wrong,
        late=seen.late,
        repeated=seen.repeated,
        **{name: 1000 * percentile(times, share) if times else None for name, share in shares.items()},
    )


if __name__ == "__main__":
    main()
