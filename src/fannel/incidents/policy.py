"""What the settings say, in the records that take it. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fannel.incidents.flap import FlapPolicy
from fannel.incidents.recheck import RecheckPolicy
from fannel.incidents.store.retention import Policy

if TYPE_CHECKING:
    from fannel import config


def flap_policy(flap: config.Flap) -> FlapPolicy:
    """`[flap]`."""
    return FlapPolicy(**flap.model_dump())


def retention_policy(log: config.Log) -> Policy:
    """`[log]`."""
    return Policy(timedelta(days=log.keep_days), log.keep_octets)


def recheck_policy(incidents: config.Incidents) -> RecheckPolicy:
    """What `[incidents]` says of looking again."""
    after = timedelta(seconds=incidents.recheck_after_s) if incidents.recheck_after_s else None
    return RecheckPolicy(after, timedelta(seconds=incidents.recheck_every_s))
