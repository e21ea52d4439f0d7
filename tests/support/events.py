"""Events for tests, with only what a test cares about spelled out."""

from __future__ import annotations

from datetime import UTC, datetime

from ulid import ULID

from fannel.event import Event, Host, Source, Subject

NOW = datetime(2026, 11, 22, 7, 0, 7, tzinfo=UTC)


def event(*, phase="raise", at=NOW, host="rt-tyo-01.example.net", address="127.0.1.1"):
    """A linkDown of GigabitEthernet0/1 on rt-tyo-01 (or a linkUp with `phase="clear"`)."""
    name = {"raise": "linkDown", "clear": "linkUp", "info": "coldStart"}[phase]
    return Event(
        id=str(ULID()),
        received_at=at,
        via="snmp_trap",
        kind={"raise": "interface_down", "clear": "interface_up", "info": "cold_start"}[phase],
        problem="device_restart" if phase == "info" else "interface_down",
        phase=phase,
        severity="critical" if phase == "raise" else "info",
        host=Host(host, known=True, os="ios", platform="Cisco IOS-XE", site="Tokyo DC1", role="core", pagoda_id=57),
        subject=Subject("interface", "GigabitEthernet0/1", ifindex=3, description="10G to rt-osa-01"),
        source=Source(address),
        trap={
            "version": "2c",
            "type": "trap",
            "name": f"IF-MIB::{name}",
            "oid": "1.3.6.1.6.3.1.1.5.3",
            "uptime_s": 123.45,
            "varbinds": {"ifIndex": 3, "ifAdminStatus": "up", "ifOperStatus": "down"},
        },
    )
