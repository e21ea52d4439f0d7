"""Many events of many devices, and a clock to put them to a storm with."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import events

from fannel.event import Source, Subject

BASE = {phase: events.event(phase=phase) for phase in ("raise", "clear", "info")}
# Every event an id of its own that tells which was offered first.
_COUNT = itertools.count()


def said(phase="raise", subject="Gi0/1", *, host="rt1", address="192.0.2.1", **facts):
    """An event of `host`; whatever else a test cares about goes into `facts`."""
    base = BASE[phase]
    return replace(
        base,
        id=f"{next(_COUNT):026}",
        host=replace(base.host, name=host),
        subject=Subject("interface", subject),
        source=Source(address),
        **facts,
    )


def seconds(n):
    return events.NOW + timedelta(seconds=n)


def told(taken):
    """(phase, subject, repeats) of each: what a test of order compares."""
    return [(event.phase, event.subject.name, event.repeats) for event in taken]
