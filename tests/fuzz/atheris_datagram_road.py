"""Coverage-guided fuzzing of the datagram road: no crash, no hang, no growth. `make fuzz SECONDS=600` runs it.

The first octet of an input chooses how the rest becomes a datagram (`datagram_seeds.WRAPPINGS`). What fails is kept in
var/fuzz/ (crash-…, timeout-…); give its path as an argument to see it fail again.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
with atheris.instrument_imports(include=["fannel"]):
    from datagram_road import BALANCER, SOURCE, DatagramRoad
    from datagram_seeds import WRAPPINGS, Wrapper

VAR = Path(__file__).parents[2] / "var" / "fuzz"
# Counting every branch costs time; a hang is far longer.
MOST_S = 1.0
HANG_S = 10
WARM_UP = 0.25  # of the time: caches fill
# Of the blocks Python's allocator had handed out after the warm-up.
MOST_GROWTH = 0.05


class Fuzz:
    """Drives one road until the time is up."""

    def __init__(self, seconds: float) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="road-", dir=VAR))
        self.road = DatagramRoad(self.folder, MOST_S)
        self.wrapper = Wrapper(self.road.engine_id)
        self.began = time.monotonic()
        self.seconds = seconds
        self.travelled = 0
        self.warm: tuple[int, int] | None = None

    def sow(self) -> None:
        """Write what we know of as inputs to begin with."""
        folder = VAR / "corpus"
        folder.mkdir(exist_ok=True)
        for at, (number, octets) in enumerate(self.wrapper.seeds()):
            (folder / f"seed-{at:03d}").write_bytes(bytes([number]) + octets)

    def one(self, data: bytes) -> None:
        """One input."""
        if data:
            wrapping = WRAPPINGS[data[0] % len(WRAPPINGS)]
            octets = self.wrapper.wrap(wrapping, data[1:])
            self.road.travel(octets, BALANCER if wrapping.proxied else SOURCE)
            self.travelled += 1
        spent_s = time.monotonic() - self.began
        if self.warm is None and spent_s > self.seconds * WARM_UP:
            self.warm = held()
        if spent_s > self.seconds:
            self.end(spent_s)

    def end(self, spent_s: float) -> None:
        """Say what was done and leave: libFuzzer would not come back."""
        (blocks, rss), (blocks_then, rss_then) = held(), self.warm or held()
        grown = blocks / blocks_then - 1
        self.road.close()
        shutil.rmtree(self.folder)
        print(
            f"fuzz: {self.travelled} datagrams in {spent_s:.0f} s, no crash, no hang; "
            f"Python blocks {blocks_then} → {blocks} ({grown:+.1%}), "
            f"RSS with the fuzzer's own corpus {rss_then} → {rss} MiB",
            flush=True,
        )
        os._exit(grown >= MOST_GROWTH)


def held() -> tuple[int, int]:
    """Blocks of Python's allocator, and MiB of the process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return sys.getallocatedblocks(), pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def main() -> None:
    """`SECONDS [INPUT …]`: fuzz for so long, or run the inputs only."""
    VAR.mkdir(parents=True, exist_ok=True)
    seconds, *inputs = sys.argv[1:]
    fuzz = Fuzz(float(seconds))
    if not inputs:
        fuzz.sow()
    options = [
        f"-artifact_prefix={VAR}/",
        f"-timeout={HANG_S}",
        "-max_len=4096",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, *(inputs or [str(VAR / "corpus")])], fuzz.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
