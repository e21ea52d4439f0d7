"""The two ends of a spool as processes that live until they are killed, and a log that tells what they did.

A log line is one write() to a file opened to append: it is there or it is not, whenever the process is killed.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from spooling import numbered, reader, writer

from fannel.intake.spool import checkpoint

# Numbers of one life of the writer do not meet those of another.
LIFE = 3_000_000


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
            os.write(confirmed, f"{n} {count}\n".encode())
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
        lines = [f"{s.id.batch}-{s.id.position} {int(s.datagram.payload[:8])}\n" for s in spooled]
        os.write(recorded, "".join(lines).encode())
        ids = [s.id for s in spooled]
        turn += 1
        if turn % 3:
            r.acknowledge(ids[::-1])
        else:
            r.acknowledge(ids[1::2])
            r.acknowledge(ids[::2])
        after = ids[-1]
