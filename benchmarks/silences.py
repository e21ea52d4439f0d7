"""What it costs to ask of an event whether it is silenced, with a thousand active silences of every sort.

python benchmarks/silences.py [--silences 1000] [--json]
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fannel.event import Event, Host, Source, Subject
from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.silences import Silences

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
EVENT = Event(
    id="01JDAAAAAAAAAAAAAAAAAAAAAA",
    received_at=NOW,
    via="snmp_trap",
    kind="interface_down",
    problem="interface_down",
    phase="raise",
    severity="critical",
    host=Host("", known=True, site="tyo1", role="edge"),
    subject=Subject("interface", "GigabitEthernet0/1"),
    source=Source("192.0.2.1"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--silences", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    index, built_ms = build(options.silences)
    first = [event_on(number) for number in range(10_000)]
    figures = {
        "silences": options.silences,
        "index_ms": built_ms,
        "first_event_of_a_device_us": cost_us(index, first),
        "event_us": cost_us(index, first),
        "event_without_silences_us": cost_us(Silences(), first),
        "silenced_of_10000": sum(index.of(event, NOW) is not None for event in first),
    }
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<28} {value:>10,.1f}" if isinstance(value, float) else f"{name:<28} {value:>10,}")


def build(count: int) -> tuple[Silences, float]:
    silences = [silence(number) for number in range(count)]
    begun = time.process_time()
    index = Silences(silences)
    return index, (time.process_time() - begun) * 1e3


def silence(number: int) -> Silence:
    """By turns: one interface of a device, a device, a pattern of devices, one protocol of a pattern, a site."""
    sorts = (
        (Matcher("host", "equal", f"rt-{number:05d}.example.net"), Matcher("interface", "equal", "Gi0/1")),
        (Matcher("host", "equal", f"rt-{number:05d}.example.net"),),
        (Matcher("host", "glob", f"rt-{number:04d}*"),),
        (Matcher("host", "glob", f"*-{number:05d}.*"), Matcher("problem", "glob", "bgp_*")),
        (Matcher("site", "equal", f"site{number}"), Matcher("role", "equal", "core")),
    )
    return Silence(number, (sorts[number % len(sorts)],), NOW, NOW + timedelta(hours=1), "cli:me", "cli")


def event_on(number: int) -> Event:
    return replace(EVENT, host=Host(f"rt-{number:05d}.example.net", known=True, site=f"site{number % 50}", role="edge"))


def cost_us(index: Silences, events: list[Event]) -> float:
    begun = time.process_time()
    for event in events:
        index.of(event, NOW)
    return (time.process_time() - begun) / len(events) * 1e6


if __name__ == "__main__":
    main()
