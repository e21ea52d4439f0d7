"""Messages to events: what an event carries of them, within what bounds."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from ulid import ULID

from fannel.event import Host, Source, Subject, schema
from fannel.intake.refusals import Refusal
from fannel.kinds.classify import Classification
from fannel.naming.catalogue import Notification, VarBind
from fannel.normalise import (
    MAX_MESSAGE_CHARS,
    MAX_VALUE_CHARS,
    MAX_VARBINDS,
    lost_event,
    refusal_event,
    syslog_event,
    trap_event,
)
from fannel.wire.message import Message
from fannel.wire.syslog import SyslogMessage

NOW = datetime(2026, 11, 22, 7, 0, 7, 123456, tzinfo=UTC)
VALID = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())


def varbind(name: str, value, instance: str = "3") -> VarBind:
    return VarBind(f"1.3.{instance}", value, name, instance, value)


def of_trap(*varbinds: VarBind, uptime_ticks: int | None = 12345, at: datetime = NOW, ifindex: int | None = 3):
    event = trap_event(
        Message("2c", b"s3cret", "inform", 1, "1.3.6", uptime_ticks, None, None, ()),
        Notification("1.3.6", "IF-MIB::linkDown", varbinds),
        Classification("interface_down", "interface_down", "raise", "critical", Subject("interface", "Gi0/1", ifindex)),
        received_at=at,
        source=Source("192.0.2.1"),
        host=Host("rt01", known=True),
    )
    VALID.validate(json.loads(json.dumps(event.to_json(), allow_nan=False)))
    return event


UNKNOWN = Classification("unknown_syslog", "unknown_syslog", "info", "info", Subject("message"))


def of_syslog(found=UNKNOWN, **facts):
    message = SyslogMessage(**{"message": "hello", "format": "free"} | facts)
    host = Host("192.0.2.1", known=False)
    event = syslog_event(message, found, received_at=NOW, source=Source("192.0.2.1"), host=host)
    VALID.validate(json.loads(json.dumps(event.to_json(), allow_nan=False)))
    return event


class TestTraps:
    def test_the_event_carries_message_notification_and_meaning(self):
        event = of_trap(varbind("ifIndex", 3), varbind("ifOperStatus", "down"))
        assert (event.via, event.kind, event.phase, event.severity) == (
            "snmp_trap",
            "interface_down",
            "raise",
            "critical",
        )
        assert event.trap == {
            "version": "2c",
            "type": "inform",
            "name": "IF-MIB::linkDown",
            "oid": "1.3.6",
            "uptime_s": 123.45,
            "varbinds": {"ifIndex": 3, "ifOperStatus": "down"},
        }

    def test_an_uptime_nobody_sent_is_not_there(self):
        assert "uptime_s" not in of_trap(uptime_ticks=None).trap

    def test_ids_sort_by_the_time_of_receipt(self):
        event = of_trap()
        assert ULID.from_str(event.id).datetime == NOW.replace(microsecond=123000)
        assert of_trap(at=NOW.replace(year=2027)).id > event.id

    @pytest.mark.parametrize("year", [1, 1969, 9999])
    def test_a_capture_may_claim_any_year(self, year):
        assert len(of_trap(at=NOW.replace(year=year)).id) == 26

    def test_a_long_value_is_cut(self):
        assert of_trap(varbind("a", "x" * 300)).trap["varbinds"]["a"] == "x" * MAX_VALUE_CHARS + "…"

    def test_sixty_kilobytes_of_varbinds_make_a_small_event_that_says_so(self):
        event = of_trap(*(varbind(f"v{number}", "x" * 1000) for number in range(60)))
        assert len(json.dumps(event.to_json())) < 6000
        assert len(event.trap["varbinds"]) + event.trap["varbinds_left_out"] == 60

    def test_many_small_varbinds_are_counted_too(self):
        event = of_trap(*(varbind(f"v{number}", number) for number in range(MAX_VARBINDS + 2)))
        assert (len(event.trap["varbinds"]), event.trap["varbinds_left_out"]) == (MAX_VARBINDS, 2)

    def test_a_name_that_repeats_carries_its_instance_and_nothing_is_overwritten(self):
        event = of_trap(varbind("a", 1, "1"), varbind("a", 2, "2"), varbind("a", 3, "2"))
        assert event.trap["varbinds"] == {"a": 1, "a.2": 2}
        assert event.trap["varbinds_left_out"] == 1

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_a_float_that_json_cannot_say_is_text(self, value):
        assert of_trap(varbind("a", value)).trap["varbinds"] == {"a": str(value)}

    def test_aliases_are_what_the_fault_was_called_while_less_was_known(self):
        assert of_trap().fingerprint == "rt01/interface_down/Gi0/1"
        assert of_trap().aliases == (
            "rt01/interface_down/ifindex-3",
            "192.0.2.1/interface_down/Gi0/1",
            "192.0.2.1/interface_down/ifindex-3",
        )
        assert of_trap(ifindex=None).aliases == ("192.0.2.1/interface_down/Gi0/1",)

    def test_the_community_is_nowhere(self):
        assert "s3cret" not in repr(of_trap())


class TestSyslog:
    def test_what_a_line_does_not_say_is_not_there(self):
        event = of_syslog()
        assert event.syslog == {"message": "hello"}
        assert (event.kind, event.problem, event.phase) == ("unknown_syslog", "unknown_syslog", "info")
        assert event.subject == Subject("message")

    def test_a_known_kind_is_as_severe_as_its_entry_says(self):
        found = Classification("interface_down", "interface_down", "raise", "critical", Subject("interface", "Gi0/1"))
        event = of_syslog(found, severity="notice")
        assert (event.kind, event.phase, event.severity) == ("interface_down", "raise", "critical")
        assert event.fingerprint == "192.0.2.1/interface_down/Gi0/1"

    def test_how_far_the_clocks_are_apart_is_told(self):
        event = of_syslog(timestamp=NOW - timedelta(minutes=5, milliseconds=500), timestamp_text="*Nov 14 08:30:56.699")
        assert event.syslog["skew_s"] == 300.5
        assert event.syslog["clock_unsynchronised"] is True

    def test_a_clock_ahead_of_ours_is_negative(self):
        assert of_syslog(timestamp=NOW + timedelta(hours=9)).syslog["skew_s"] == -32400.0

    def test_long_texts_are_cut(self):
        event = of_syslog(message="x" * 3000, app_name="y" * 300)
        assert event.syslog["message"] == "x" * MAX_MESSAGE_CHARS + "…"
        assert event.syslog["app_name"] == "y" * MAX_VALUE_CHARS + "…"


class TestRefusals:
    @pytest.mark.parametrize(
        ("reason", "kind"), [("bad_community", "snmp_auth_failure"), ("undecodable", "datagram_refused")]
    )
    def test_what_was_refused_is_an_event_of_its_sender(self, reason, kind):
        host = Host("rt01", known=True)
        event = refusal_event(Refusal(reason, "192.0.2.1", "why", unsaid=3), received_at=NOW, host=host)
        VALID.validate(event.to_json())
        assert (event.kind, event.problem, event.phase, event.host) == (kind, kind, "info", host)
        assert event.subject == Subject("sender", "192.0.2.1")
        assert event.refusal == {"reason": reason, "detail": "why", "unsaid": 3}

    def test_it_names_the_load_balancer_it_came_through(self):
        refusal = Refusal("bad_community", "192.0.2.1", "why", proxy="198.51.100.7")
        event = refusal_event(refusal, received_at=NOW, host=Host("rt01", known=True))
        assert event.source == Source("192.0.2.1", proxy="198.51.100.7")


class TestLosses:
    def test_what_was_lost_is_an_event_of_the_receiver(self):
        event = lost_event({"kernel": 12, "spool_full": 0}, received_at=NOW, receiver="noc-01")
        VALID.validate(json.loads(json.dumps(event.to_queue())))
        assert (event.kind, event.phase, event.severity) == ("notifications_lost", "info", "major")
        assert event.fingerprint == "noc-01/notifications_lost/receiver"
        assert event.to_queue()["lost"] == {"kernel": 12}
        assert event.to_queue()["meta"] == {"hosts": "localhost"}

    def test_a_machine_without_a_name_is_fannel(self):
        assert lost_event({"kernel": 1}, received_at=NOW, receiver="").host == Host("fannel", known=False)
