"""Microseconds to classify one syslog line with the whole catalogue: FANNEL beside a plain loop over all patterns.

    python benchmarks/kinds.py [--rounds 5] [--json]
    python benchmarks/kinds.py --noise 1000000    # instead: look for wrong kinds among so many lines of noise

The peer does what napalm-logs does once it knows the OS: it tries the patterns of that OS one after the other, each
on the text, with Python's `re`, and keeps the groups of the first that matches. Both see the same messages, already
taken apart: the lines of tests/corpus with the OS of their folder, and the ordinary noise beside them.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from figures import add_json_option, show

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from kinds_corpus import KINDS
from noise_lines import UNKNOWN, noise, originals

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.wire.syslog import SyslogMessage

Sent = tuple[str, "SyslogMessage"]


def plain_loop() -> Callable[[SyslogMessage, str], object]:
    """The peer: every pattern of an OS in the order of the files, on the text of the message."""
    patterns: dict[str, list[re.Pattern[str]]] = {}
    for os, entry in KINDS.compiled.syslog:
        patterns.setdefault(os, []).extend(re.compile(pattern.text) for pattern in entry.patterns)

    def classify(message: SyslogMessage, os: str) -> object:
        text = message.message
        return next((found.groupdict() for pattern in patterns[os] if (found := pattern.search(text))), None)

    return classify


def times_us(classify: Callable[[SyslogMessage, str], object], sent: list[Sent]) -> list[float]:
    """What each message takes of this process's CPU time, in microseconds."""
    clock = time.process_time_ns
    found = []
    for os, message in sent:
        start = clock()
        classify(message, os)
        found.append((clock() - start) / 1000)
    return found


def measure(rounds: int) -> list[dict[str, object]]:
    lines = originals()
    workloads: dict[str, list[Sent]] = {
        "lines of known kinds": [(os, message) for os, kind, message in lines if kind != UNKNOWN],
        "ordinary noise": [(os, message) for os, kind, message in lines if kind == UNKNOWN],
    }
    by = {"fannel": KINDS.classify_syslog, "plain loop (re)": plain_loop()}
    rows: list[dict[str, object]] = []
    for name, sent in workloads.items():
        taken: dict[str, list[float]] = {who: [] for who in by}
        for _ in range(rounds):
            for who, classify in by.items():
                taken[who] += times_us(classify, sent)
        rows += [
            {
                "lines": name,
                "count": len(sent),
                "by": who,
                "median": round(statistics.median(found), 1),
                "p99": round(statistics.quantiles(found, n=100)[98], 1),
            }
            for who, found in taken.items()
        ]
    return rows


def wrong_kinds(count: int, seed: int) -> dict[tuple[str, str], str]:
    """The wrong kinds among so many lines: (what it was, what it was taken for) and the text of one such line."""
    wrong: dict[tuple[str, str], str] = {}
    for line in noise(count, seed):
        found = KINDS.classify_syslog(line.message, line.os).kind
        if found not in line.may_be:
            wrong[" or ".join(sorted(line.may_be)), found] = line.message.message
    return wrong


HEADINGS = {"lines": "lines", "count": "count", "by": "by", "median": "median µs", "p99": "p99 µs"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every line (default 5)")
    parser.add_argument("--noise", type=int, metavar="LINES", help="look for wrong kinds among so many lines instead")
    parser.add_argument("--seed", type=int, default=6, help="of the noise (default 6)")
    add_json_option(parser)
    options = parser.parse_args()
    if options.noise:
        wrong = wrong_kinds(options.noise, options.seed)
        print(f"{options.noise:,} lines, {len(wrong)} wrong kinds")
        for (was, taken_for), text in wrong.items():
            print(f"{was} was taken for {taken_for}: {text}")
        return 1 if wrong else 0
    entries = sum(1 for _ in KINDS.compiled.syslog)
    note = "CPU time, Python {python}, {entries} entries, {rounds} rounds"
    show(measure(options.rounds), HEADINGS, as_json=options.json, note=note, entries=entries, rounds=options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
