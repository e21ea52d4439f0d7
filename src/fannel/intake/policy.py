"""What the settings say of storms, quiet devices and the spool, in the records that those take. Pure.

A person sets what a network needs; the bounds that keep memory flat are not theirs to tune and stay at their defaults.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from fannel.intake.quiet import Expectation, QuietPolicy
from fannel.intake.source_limit import SourceLimit
from fannel.intake.spool.protocol import Bounds
from fannel.intake.storm import StormPolicy

if TYPE_CHECKING:
    from fannel import config


def storm_policy(storm: config.Storm) -> StormPolicy:
    """`[storm]`: a window or a rate of 0 turns that part off."""
    limit = SourceLimit(rate=storm.source_rate, burst=storm.source_burst) if storm.source_rate else None
    return StormPolicy(window_s=storm.window_s, source_limit=limit)


def quiet_policy(quiet: config.Quiet) -> QuietPolicy:
    """`[[quiet.expect]]`, in the order written: the first network that holds a source counts."""
    return QuietPolicy(tuple(Expectation(ipaddress.ip_network(str(e.network)), e.every_s) for e in quiet.expect))


def spool_bounds(spool: config.Spool) -> Bounds:
    """`[spool]`: how much may wait, and how long."""
    return Bounds(octets=spool.octets, age_s=spool.age_s)
