"""A receiver whose disk fills while it runs: a scenario for a child process that may mount a small file system.

python receiver_troubles.py DIRECTORY

Any exception is the failure.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from receiving import Sender, inform, payloads, receiving, until

from fannel.intake.receiver.ledger import missing
from fannel.intake.receiver.receiver import well
from fannel.wire.snmp import inform_response

BALLAST = 3 * 2**20


def full_disk(directory: Path) -> None:
    spool = directory / "spool"
    spool.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(spool)], check=True)
    ballast = spool / "ballast"
    ballast.write_bytes(bytes(BALLAST))
    with receiving(directory) as receiver:
        sender = Sender(receiver.listeners[0])
        kept = []
        while True:
            sender.send(*(bytes(60_000) for _ in range(5)))
            request = inform(len(kept))
            sender.send(request)
            if sender.answer(1.0) is None:
                break
            kept.append(request)
        refused = request
        sender.send(*(bytes(60_000) for _ in range(20)))
        until(lambda: receiver.counters.get("lost", "spool_refused"))
        until(lambda: not missing(receiver.counters.snapshot()))
        counts = receiver.counters.snapshot()
        assert kept, "there was room at first"
        assert counts["informs_refused", ""] == 1
        assert not well(receiver.vitals())
        ballast.unlink()
        sender.send(refused)
        assert sender.answer() == inform_response(refused), "it goes on by itself when there is room again"
        until(lambda: well(receiver.vitals()))
    found = payloads(directory)
    assert {*kept, refused} <= set(found)


if __name__ == "__main__":
    full_disk(Path(sys.argv[1]))
