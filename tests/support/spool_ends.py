"""The two ends of a spool as processes that live until they are killed, and a log that tells what they did.

A kill may cut a write() to a file after any page. So each write begins with a line break and each line ends with a
mark: what has no mark was cut (`whole_lines`), and nobody was told of it yet.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from spooling import numbered, reader, writer

from fannel.intake.spool import checkpoint

# Numbers of one life of the writer do not meet those of another.
LIFE = 3_000_000


MARK = "."


def whole_lines(log: Path) -> list[list[str]]:
    """The fields of every line that was written to its end."""
    lines = [line.split(" ") for line in log.read_text().splitlines()]
    return [fields[:-1] for fields in lines if fields[-1] == MARK]


def append_for_ever(directory: str, log: str, life: int) -> None:
    """Append batches of all sizes; note the numbers of each once `append` has returned."""
    # Often, so that a kill meets checkpoints too.
    checkpoint.EVERY_OCTETS = 64 * 1024
    confirmed = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    w = writer(Path(directory))
    n = life * LIFE
    while True:
        for count in (1, 100, 7, 500):
            receipt = w.append(numbered(n, count), durable=count == 7)
            assert not receipt.lost
            assert not receipt.set_aside
            os.write(confirmed, f"\n{n} {count} {MARK}\n".encode())
            n += count
        # Slow enough that the reader is near the end, where the two meet.
        time.sleep(0.005)


def handle_for_ever(directory: str, log: str) -> None:
    """Read, record, acknowledge, as an event source does; parts of batches, now and then out of order."""
    recorded = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    r = reader(Path(directory))
    after = None
    turn = 0
    while True:
        if not r.wait(after, 0.2):
            continue
        spooled = r.read(after, 200)
        lines = [f"{s.id.batch}-{s.id.position} {int(s.datagram.payload[:8])} {MARK}\n" for s in spooled]
        octets = "".join(["\n", *lines]).encode()
        assert os.write(recorded, octets) == len(octets)
        ids = [s.id for s in spooled]
        turn += 1
        if turn % 3:
            r.acknowledge(ids[::-1])
        else:
            r.acknowledge(ids[1::2])
            r.acknowledge(ids[::2])
        after = ids[-1]
