"""What a receiver does on a disk that is full: scenarios for a child process that may mount a small tmpfs.

    python receiver_troubles.py SCENARIO DIRECTORY

Any exception is the failure.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from receiving import Sender, inform, payloads, receiving, trap, until
from spool_troubles import mount

from fannel.intake.receiver import appender
from fannel.intake.receiver.ledger import missing
from fannel.wire.snmp import inform_response

INFORM = 0xA6


def full_disk(directory: Path) -> None:
    mount(directory, "size=2m")
    ballast = directory / "ballast"
    ballast.write_bytes(bytes(2**20))
    with receiving(directory) as receiver:
        sender = Sender(receiver.listeners[0])
        kept, n, said = [], 0, set()
        # What is let go makes room for a little more, so the page says it again and again, and not at every moment.
        while not (
            receiver.counters.get("informs_refused")
            and receiver.counters.get("lost", "spool_refused")
            and any("no room on the disk" in detail for detail in said)
        ):
            sender.send(*(trap(m) for m in range(n, n + 100)), inform(n))
            n += 100
            if (answer := sender.answer(timeout_s=0.5)) is not None:
                kept.append(answer)
            said.update(v.detail for v in receiver.vitals() if v.name == "spool")
        ballast.unlink()
        until(lambda: answered(sender))
        until(lambda: receiver.counters.get("buffered") == 0)
        assert missing(receiver.counters.snapshot()) == 0
    found = {inform_response(payload) for payload in payloads(directory) if payload[13] == INFORM}
    assert kept
    assert set(kept) <= found, "what was answered is there"


def full_disk_from_the_start(directory: Path) -> None:
    mount(directory, "size=64k")
    ballast = directory / "ballast"
    with suppress(OSError):
        ballast.write_bytes(bytes(2**20))
    with receiving(directory) as receiver:
        sender = Sender(receiver.listeners[0])
        sender.send(trap(1), inform(1))
        until(lambda: receiver.counters.get("informs_refused") == 1)
        ballast.unlink()
        mount(directory, "remount,size=4m")
        until(lambda: answered(sender))
    assert trap(1) in payloads(directory)


def answered(sender: Sender) -> bool:
    """Repeat an inform, as its sender would, until it is answered."""
    sender.send(inform(2))
    return sender.answer(timeout_s=0.5) == inform_response(inform(2))


if __name__ == "__main__":
    appender.HOLD_S = 2.0
    globals()[sys.argv[1]](Path(sys.argv[2]))
