"""The road of a syslog line: from its octets to an event, with who it is of and when the device says it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from fannel.config import Syslog, Trap
from fannel.directory.directory import Device, Directory
from fannel.event import schema
from fannel.intake.datagram import Datagram, Note, Transport
from fannel.intake.refusals import Refusals
from fannel.intake.spool import Spooled, SpoolId
from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue
from fannel.pipeline import Pipeline

NOW = datetime(2026, 11, 14, 8, 31, tzinfo=UTC)
VALID = Draft202012Validator(schema(), format_checker=FormatChecker())
CATALOGUE, KINDS = Catalogue.load(), Kinds.load()
RT1, RELAY = "192.0.2.1", "198.51.100.1"


class Pagoda:
    """Devices in memory."""

    def __init__(self, *devices):
        self._directory = Directory(devices)

    def find(self, candidates):
        return self._directory.find(candidates, 0.0)

    known = find

    def interface(self, device, **_):
        return None


DEVICES = (Device("rt1.example.net", 1, (RT1,), os="ios"), Device("rt2.example.net", 2, ("192.0.2.2",), os="eos"))


def road(zone=UTC, **syslog):
    return Pipeline(
        trap=Trap(),
        catalogue=CATALOGUE,
        kinds=KINDS,
        directory=Pagoda(*DEVICES),
        store=None,
        refusals=Refusals(window=timedelta(0)),
        syslog=Syslog(**syslog),
        zone=zone,
    )


def seen(line, source=RT1, on=None, transport=Transport.SYSLOG_UDP):
    datagram = Datagram(line, source, 514, NOW, Note.NONE, transport)
    (found,) = (on or road()).observe([Spooled(SpoolId(1, 1), datagram)])
    if found.event is not None:
        VALID.validate(json.loads(json.dumps(found.event.to_queue(), allow_nan=False)))
    return found


def event(line, source=RT1, **options):
    return seen(line, source, road(**options)).event


def test_a_line_is_an_event_of_its_device():
    found = event(b"<187>521: *Nov 14 08:30:56.699: %FOO-3-BAR: something happened")
    assert (found.via, found.host.name, found.host.os) == ("syslog", "rt1.example.net", "ios")
    assert found.syslog["tag"] == "FOO-3-BAR"
    assert found.syslog["message"] == "something happened"
    assert found.trap is None


def test_nobodys_kind_is_told_apart_by_its_tag():
    found = event(b"<187>521: *Nov 14 08:30:56.699: %FOO-3-BAR: something happened")
    assert (found.kind, found.phase) == ("unknown_syslog", "info")
    assert found.fingerprint == "rt1.example.net/unknown_syslog/FOO-3-BAR"


@pytest.mark.parametrize(
    "line", [b"hello", b"<34>", b"\xff\xfe\x00", b"{{ 1 }}", b"<999>x", b"%", "ä".encode("latin-1")]
)
def test_a_line_that_follows_nothing_is_an_event_with_its_text(line):
    found = seen(line)
    if line == b"<34>":
        assert found.refusal.reason == "undecodable"
    else:
        assert found.event.syslog["message"]


@pytest.mark.parametrize(
    ("pri", "severity"),
    [
        *((184, "critical"), (185, "critical"), (186, "major"), (187, "minor")),
        *((188, "warning"), (189, "info"), (190, "info"), (191, "info")),
    ],
)
def test_what_is_of_no_kind_is_as_severe_as_its_device_says_by_rfc_5674(pri, severity):
    assert event(b"<%d>521: *Nov 14 08:30:56.699: %%FOO-3-BAR: x" % pri).severity == severity


def test_a_line_of_a_known_kind_is_that_kind_with_the_interface_as_its_trap_names_it():
    found = event(b"<187>521: *Nov 14 08:30:56.699: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down")
    assert (found.kind, found.phase, found.severity) == ("interface_down", "raise", "critical")
    assert found.fingerprint == "rt1.example.net/interface_down/GigabitEthernet0/1"


def test_an_empty_line_is_refused_as_syslog():
    found = seen(b"\n")
    assert (found.refusal.reason, found.event.via) == ("undecodable", "syslog")


def test_who_may_not_send_is_refused_as_syslog():
    found = seen(b"<34>hello", on=road(allowed_sources=["198.51.100.0/24"]))
    assert (found.refusal.reason, found.event.via) == ("source_not_allowed", "syslog")
    assert "syslog.allowed_sources" in found.event.refusal["detail"]


def test_a_trap_is_not_judged_by_what_is_said_of_syslog():
    assert seen(b"<34>hello", on=road(), transport=Transport.SNMP_UDP).refusal.reason == "undecodable"


def test_the_device_time_is_read_in_the_sites_zone_unless_told():
    line = b"<187>521: Nov 14 17:30:00.000: %FOO-3-BAR: x"
    tokyo = ZoneInfo("Asia/Tokyo")
    assert event(line, zone=tokyo).syslog["skew_s"] == 60.0
    assert event(line, timezone="Asia/Tokyo").syslog["skew_s"] == 60.0
    assert event(line, zones=[{"network": "192.0.2.0/24", "timezone": "Asia/Tokyo"}]).syslog["skew_s"] == 60.0
    assert (
        event(line, zones=[{"network": "203.0.113.0/24", "timezone": "Asia/Tokyo"}]).syslog["skew_s"] == 60 - 9 * 3600
    )


def test_an_abbreviation_means_what_the_operator_says():
    line = b"<187>521: Nov 14 16:30:00.000 CST: %FOO-3-BAR: x"
    assert event(line, abbreviations={"CST": "Asia/Shanghai"}).syslog["timestamp"] == "2026-11-14T16:30:00+08:00"


def test_a_device_without_a_clock_is_seen():
    found = event(b"<187>521: *Mar  1 00:00:10.000: %FOO-3-BAR: x")
    assert found.syslog["clock_unsynchronised"] is True
    assert abs(found.syslog["skew_s"]) > 86_400
    assert found.received_at == NOW


def test_through_a_relay_the_line_names_its_device():
    line = b"<187>Nov 14 08:30:56 rt2 app[1]: hello"
    found = event(line, RELAY, relays=[f"{RELAY}/32"], domains=["example.net"])
    assert (found.host.name, found.host.os, found.source.address) == ("rt2.example.net", "eos", RELAY)


def test_without_being_a_relay_it_does_not():
    found = event(b"<187>Nov 14 08:30:56 rt2.example.net app[1]: hello", RELAY)
    assert (found.host.name, found.host.known) == (RELAY, False)


def test_a_device_that_calls_itself_by_anothers_name_is_disputed():
    found = event(b"<187>Nov 14 08:30:56 rt2.example.net app[1]: hello")
    assert found.host.name == "rt1.example.net"
    assert found.source.disputed == {"source_address": "rt1.example.net", "hostname": "rt2.example.net"}


def test_the_same_line_of_two_devices_behind_a_relay_is_two_faults():
    lines = [f"<187>Nov 14 08:30:56 {name} app: hello".encode() for name in ("new1", "new2")]
    found = [event(line, RELAY, relays=[f"{RELAY}/32"]) for line in lines]
    assert len({one.fingerprint for one in found}) == 2
    assert not set(found[0].aliases) & {found[1].fingerprint, *found[1].aliases}


@given(st.binary(min_size=1, max_size=400) | st.text(max_size=300).map(lambda t: f"<34>{t}".encode("utf-8", "replace")))
def test_whatever_comes_is_an_event_or_a_refusal_and_never_a_defect(line):
    found = seen(line)
    assert found.event is not None
    assert found.refusal is None or found.refusal.reason in ("undecodable", "proxy_not_allowed")
