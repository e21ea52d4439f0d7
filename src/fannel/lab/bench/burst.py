"""Row `burst`: back-to-back traps from one sender; none lost, and all on the disk soon after the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.lab.bench.figure import Figure
from fannel.lab.bench.sustained import trial

if TYPE_CHECKING:
    from fannel.lab.bench.bench import Bench


def measure(bench: Bench) -> list[Figure]:
    """One burst."""
    found = trial(bench, bench.burst, None)
    bench.say(found.text())
    gone = found.sent - found.in_spool
    kernel = max(found.kernel.values())
    # The three counts are told apart in the facts; the worst of them is the figure.
    worst = max(gone, kernel, found.sent - found.counters.get("spooled", 0))
    return [
        Figure(
            *("burst", f"lost of {found.sent:,} back to back from one sender", worst, ""),
            below=1,
            beside=f"offered at {found.offered:,.0f}/s; kernel dropped {kernel:,}",
            facts=found.facts(),
        ),
        Figure(
            *("burst", "all on disk after the last was sent", None if gone else round(found.after_last_s, 3), " s"),
            below=2,
            failed=gone > 0,
            beside=f"{gone:,} never came" if gone else "",
        ),
    ]
