"""Syslog through the observer: faults go the way of traps, noise is sampled, and the sums add up."""

from __future__ import annotations

from observing import LINK_DOWN, Observing, adds_up, link, now
from sqlalchemy import text

from fannel.intake.datagram import Datagram, Note, Transport

DOWN = b"<187>9: *Nov 14 08:30:56.699: %LINK-3-UPDOWN: Interface GigabitEthernet0/3, changed state to down"


def line(payload, source="192.0.2.1"):
    return Datagram(payload, source, 514, now(), Note.NONE, Transport.SYSLOG_UDP)


def noise(number):
    return line(b"<190>%d: *Nov 14 08:30:56.699: %%FOO-6-BAR: somebody said %d" % (number, number))


def rows(observing):
    with observing.store._engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM events")).scalar_one()


def test_a_trap_and_the_line_of_the_same_fault_are_one_incident(tmp_path):
    with Observing(tmp_path) as observing:
        observing.receive(link(LINK_DOWN, name="GigabitEthernet0/3"), line(DOWN))
        first, second = observing.event(), observing.event()
        assert (first["via"], second["via"]) == ("snmp_trap", "syslog")
        assert first["fingerprint"] == second["fingerprint"]
        assert first["incident"]["id"] == second["incident"]["id"]
        assert [event["incident"]["state"] for event in (first, second)] == ["new", "open"]


def test_noise_is_sampled_kept_from_the_rules_and_acknowledged(tmp_path):
    with Observing(tmp_path, noise=("crit", 5)) as observing:
        observing.receive(*map(noise, range(200)), line(DOWN))
        assert observing.event()["kind"] == "interface_down"
        observing.until(lambda: observing.depth() == 0)
        assert observing.silent(0.5)
        assert rows(observing) == 5 + 1
        assert observing.counts()["coalesced.unknown_syslog"] == 200
        assert adds_up(observing.custody.counts())


def test_what_is_critical_goes_to_the_rules_though_nobody_knows_it(tmp_path):
    with Observing(tmp_path, noise=("crit", 5)) as observing:
        observing.receive(line(b"<186>9: *Nov 14 08:30:56.699: %FOO-2-BAR: fire"))
        event = observing.event()
        assert (event["kind"], event["syslog"]["message"]) == ("unknown_syslog", "fire")


def test_a_line_that_says_nothing_is_said_to_be_refused(tmp_path):
    with Observing(tmp_path) as observing:
        observing.receive(line(b"\0\n"))
        event = observing.event()
        assert (event["via"], event["kind"]) == ("syslog", "datagram_refused")
        observing.until(lambda: adds_up(observing.custody.counts()))
