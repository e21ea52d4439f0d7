"""Every message FANNEL says in Slack, as the golden files hold it: one case a situation, in every language."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from request_cases import request_cases

from fannel.checks.verdict import Output, Verdict
from fannel.event import Event, Host, Source, Subject
from fannel.incidents.incident import Aside, Hush, Incident, Related, Turn
from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.store.endings import Account, Quieted
from fannel.normalise import lost_event
from fannel.slack import layout
from fannel.slack.layout import clicking, course, endings, storm
from fannel.slack.layout.late import dated, repeated
from fannel.slack.words import Reader

TOKYO = ZoneInfo("Asia/Tokyo")
ENGLISH, JAPANESE = Reader.of("en", TOKYO), Reader.of("ja", TOKYO)
OPENED = datetime(2026, 11, 22, 7, 0, 7, tzinfo=UTC)
HOST = Host("rt-tyo-01.example.net", known=True, os="iosxe", platform="Cisco IOS-XE", site="Tokyo DC1")
INTERFACE = Subject("interface", "GigabitEthernet0/1", ifindex=3, description="10G to rt-osa-01", circuit="CKT-0001")
SHOW = "GigabitEthernet0/1 is down, line protocol is down (notconnect)"

NEW = Incident(
    id="A-7F3K2Q",
    fingerprint="rt-tyo-01.example.net/interface_down/GigabitEthernet0/1",
    problem="interface_down",
    severity="critical",
    state="new",
    host=HOST,
    subject=INTERFACE,
    notification="IF-MIB::linkDown",
    opened_by="01JD0000000000000000000001",
    opened_at=OPENED,
    last_raise_at=OPENED,
)
CONFIRMED = Verdict(
    "confirmed",
    ("oper down while admin up", "LLDP neighbour lost"),
    evidence=(SHOW, "     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored"),
    outputs=(
        Output("show interfaces GigabitEthernet0/1", SHOW + "\n" + "  a counter at 0\n" * 40, 0.8),
        Output("show lldp neighbors GigabitEthernet0/1", "Total entries displayed: 0", 0.4),
    ),
    took_s=2.1,
)
EXPECTED = Verdict(
    "expected",
    ("administratively down",),
    evidence=("GigabitEthernet0/1 is administratively down",),
    outputs=(Output("show interfaces Gi0/1", "GigabitEthernet0/1 is administratively down\n  MTU 1500 bytes"),),
    took_s=1.2,
)
UNREACHABLE = Verdict("inconclusive", ("rt-tyo-01 is unreachable: SSH timed out after 30 s",))
CLEARED = Verdict("cleared", ("oper up, admin up",))
BACK_ALREADY = replace(CLEARED, took_s=1.0)
OTHER_RUN = "another run (incident A-7F3K2Q on noc-02, process 4711, since 16:00:01)"
GAVE_UP = Verdict("inconclusive", (f"{OTHER_RUN} is looking at this device; gave up after 60 s",))

JUDGED = replace(NEW, state="open", verdict=CONFIRMED.to_json(), raises=3, last_raise_at=OPENED + timedelta(seconds=9))
ACKNOWLEDGED = replace(
    JUDGED, state="acknowledged", acknowledged_by="cli:kei", acknowledged_at=OPENED + timedelta(seconds=90)
)
RESOLVED = replace(JUDGED, state="resolved", resolved_at=OPENED + timedelta(seconds=252))
REOPENED = replace(
    JUDGED,
    state="new",
    reopened=1,
    verdict=None,
    recovered_at=OPENED + timedelta(seconds=252),
    reopened_at=OPENED + timedelta(seconds=330),
)
NEIGHBOR = replace(
    NEW,
    problem="bgp_neighbor_down",
    severity="major",
    notification="BGP4-MIB::bgpBackwardTransNotification",
    subject=Subject("bgp_neighbor", "192.0.2.2", description="rt-osa-01.example.net"),
)

STORM_REASONS = ("more than 100 events at once and 20 a second",)
STORMING = replace(
    NEW,
    problem="source_storm",
    severity="warning",
    notification=None,
    subject=Subject("sender", "192.0.2.1", description=STORM_REASONS[0]),
    verdict=Verdict("confirmed", STORM_REASONS).to_json(),
)
QUIET_OVER = replace(
    STORMING,
    problem="source_quiet",
    state="resolved",
    subject=Subject("sender", "192.0.2.1", description="heard nothing for 900 s"),
    verdict=Verdict("confirmed", ("heard nothing for 900 s",)).to_json(),
    resolved_at=OPENED + timedelta(minutes=15),
)
QUIET_AGAIN = Verdict("cleared", ("heard again after 1800 s",))
UNKNOWN_HOST = replace(
    NEW, host=Host("192.0.2.99", known=False), subject=Subject("interface", ifindex=7), severity="minor"
)
NOT_KNOWN = Verdict("inconclusive", ("pagoda does not know this device; nobody logged in",))


def event(**changes):
    base = Event(
        id="01JD0000000000000000000002",
        received_at=OPENED,
        via="snmp_trap",
        kind="authentication_failure",
        problem="authentication_failure",
        phase="info",
        severity="warning",
        host=HOST,
        subject=Subject("device"),
        source=Source("192.0.2.1"),
        trap={"name": "SNMPv2-MIB::authenticationFailure", "varbinds": {"authAddr": "198.51.100.7"}},
    )
    return replace(base, **changes)


def lost(**counts):
    found = lost_event(counts, received_at=OPENED, receiver="noc-01.example.net")
    return replace(found, id="01JD0000000000000000000002")


REFUSED = event(
    kind="snmp_auth_failure",
    problem="snmp_auth_failure",
    host=Host("198.51.100.7", known=False),
    subject=Subject("sender", "198.51.100.7"),
    source=Source("198.51.100.7"),
    trap=None,
    refusal={"reason": "bad_community", "detail": "an SNMP v2c trap with a community not configured", "unsaid": 12},
)
UPTIME_RESET = event(
    kind="uptime_reset",
    problem="device_restart",
    severity="major",
    subject=Subject("device", description="its uptime fell from 100 d to 40 s"),
    trap=None,
)
RESTART = event(
    kind="cold_start",
    problem="device_restart",
    trap={"name": "SNMPv2-MIB::coldStart", "varbinds": {}},
)
DISPUTED = event(
    source=Source(
        "198.51.100.9",
        agent_address="192.0.2.1",
        proxy="203.0.113.7",
        disputed={"source_address": "rt-nat-01", "agent_address": "rt-tyo-01"},
    )
)
STRANGER = event(
    kind="interface_down",
    host=Host("192.0.2.99", known=False),
    subject=Subject("interface", ifindex=7),
    source=Source("192.0.2.99"),
    trap={"name": "IF-MIB::linkDown", "varbinds": {"ifIndex": 7, "ifOperStatus": "down"}},
)
LOG_LINE = event(
    via="syslog",
    kind="unknown_syslog",
    problem="unknown_syslog",
    trap=None,
    syslog={
        "message": "%PLATFORM-4-ELEMENT_WARNING: R0/0: smand: RP/0: Used Memory value 91% exceeds warning level 88%"
    },
)
NO_LOGIN = event(
    via="syslog",
    kind="login_failed",
    problem="login_failed",
    trap=None,
    repeats=3,
    syslog={"message": "Failed password for root from 203.0.113.9 port 41022 ssh2"},
)

RELATED = (
    Related(
        "bgp_neighbor_down",
        HOST,
        Subject("bgp_neighbor", "192.0.2.2", description="rt-osa-01.example.net"),
        "GigabitEthernet0/1 leads to it",
        over=True,
    ),
    Related(
        "interface_down",
        Host("rt-osa-01.example.net", known=True),
        Subject("interface", "GigabitEthernet0/2"),
        "the other end of the same link as rt-tyo-01.example.net GigabitEthernet0/1",
        over=False,
    ),
    *(
        Related("ospf_neighbor_down", HOST, Subject("ospf_neighbor", f"192.0.2.{n}"), "<!channel> `*_", over=False)
        for n in range(3, 10)
    ),
)
TURNS = tuple(Turn(OPENED + timedelta(seconds=n * 7), n % 2 == 0) for n in range(6))
OUTLIVED = Aside(outlived="lies on GigabitEthernet0/1")
RESTARTED = Aside(outlived="the device restarted 42 s before")


def line(number, severity="critical", problem="interface_down", name="GigabitEthernet0/1"):
    host = Host(f"rt-tyo-{number:02}.example.net", known=True, os="iosxe", site="Tokyo DC1")
    return storm.Line(severity, problem, host, Subject("interface", name))


def neighbor(number):
    host = Host(f"rt-osa-{number:02}.example.net", known=True, os="junos")
    return storm.Line("major", "bgp_neighbor_down", host, Subject("bgp_peer", peer="192.0.2.1"))


MANY = [*(line(n, "minor") for n in range(20)), *(line(n) for n in range(20, 26)), *(neighbor(n) for n in range(7))]


def storm_cases(to):
    begun = {"since": OPENED, "to": to}
    return {
        "storm_begins": storm.summary(MANY, opened=33, waiting=33, key="storm/C0/9", **begun),
        "storm_goes_on": storm.summary(MANY[:3], opened=321, waiting=204, key="storm/C0/9", **begun),
        "storm_over": storm.over(
            opened=321, until=OPENED + timedelta(seconds=252), waiting=1, key="storm/C0/over/1", **begun
        ),
    }


def thread_cases(to):
    flapping = Aside(12)
    return {
        "parent_checking": layout.parent(NEW, "k", to),
        "parent_confirmed": layout.parent(JUDGED, "k", to),
        "parent_expected": layout.parent(replace(NEW, verdict=EXPECTED.to_json()), "k", to),
        "parent_inconclusive": layout.parent(replace(NEW, verdict=UNREACHABLE.to_json()), "k", to),
        "parent_neighbor": layout.parent(NEIGHBOR, "k", to),
        "parent_unknown_host": layout.parent(UNKNOWN_HOST, "k", to),
        "parent_flapping": layout.parent(JUDGED, "k", to, flapping),
        "parent_related": layout.parent(JUDGED, "k", to, Aside(0, RELATED)),
        "parent_outlived": layout.parent(NEIGHBOR, "k", to, OUTLIVED),
        "parent_outlived_restart": layout.parent(NEW, "k", to, RESTARTED),
        "parent_acknowledged": layout.parent(ACKNOWLEDGED, "k", to),
        "parent_reopened": layout.parent(REOPENED, "k", to),
        "parent_resolved": layout.parent(RESOLVED, "k", to),
        "parent_resolved_related": layout.parent(RESOLVED, "k", to, Aside(0, RELATED[:1])),
        "parent_source_storm": layout.parent(STORMING, "k", to),
        "parent_source_quiet_over": layout.parent(QUIET_OVER, "k", to),
        "collected_long": layout.collected(JUDGED, CONFIRMED, "k", to),
        "collected_short": layout.collected(NEW, EXPECTED, "k", to),
        "collected_asked": layout.collected(JUDGED, EXPECTED, "k", to, asked_by="Kei <Mori>"),
        "collected_back_already": layout.collected(RESOLVED, BACK_ALREADY, "k", to),
        "collected_unreachable": layout.collected(NEW, UNREACHABLE, "k", to),
        "collected_unknown_host": layout.collected(UNKNOWN_HOST, NOT_KNOWN, "k", to),
        "collected_waited": layout.collected(
            NEW, replace(EXPECTED, waited=f"waited 12 s: {OTHER_RUN} was looking at this device"), "k", to
        ),
        "collected_gave_up": layout.collected(NEW, GAVE_UP, "k", to),
        "flapping": course.flapping(JUDGED, Aside(7, flapping_since=OPENED, there=False), TURNS, "k", to),
        "flapping_sensor": course.flapping(
            replace(JUDGED, problem="fan_failed"), Aside(12, flapping_since=OPENED), (), "k", to
        ),
        "file_missing": layout.file_missing(JUDGED, "rt-tyo-01_A-7F3K2Q_1d58ce17.txt", "k", to),
        "recovered": layout.recovered(RESOLVED, CLEARED, "k", to),
        "recovered_unverified": layout.recovered(RESOLVED, UNREACHABLE, "k", to),
        "recovered_unchecked": layout.recovered(RESOLVED, None, "k", to),
        "recovered_calm": layout.calm(layout.recovered(RESOLVED, CLEARED, "k", to), 12, to),
        "recovered_source_quiet": layout.recovered(QUIET_OVER, QUIET_AGAIN, "k", to),
        "still_down": layout.still_down(JUDGED, CONFIRMED, "k", to),
        "still_down_not_confirmed": layout.still_down(JUDGED, UNREACHABLE, "k", to),
    }


SYSTEM = replace(NEW, problem="fan_failed", notification=None, subject=Subject("device"))


def button_cases(to):
    """As who can click reads it."""
    to = replace(to, clickable=True)
    return {
        "buttons": layout.parent(NEW, "k", to),
        "buttons_acknowledged": layout.parent(replace(ACKNOWLEDGED, acknowledged_by="slack:Kei <Mori>"), "k", to),
        "buttons_neighbor": layout.parent(NEIGHBOR, "k", replace(to, morning=time(7, 30))),
        "buttons_device": layout.parent(SYSTEM, "k", to),
        "buttons_unknown_host": layout.parent(UNKNOWN_HOST, "k", to),
        "buttons_no_more": layout.parent(RESOLVED, "k", to),
        "buttons_silenced": layout.parent(JUDGED, "k", to, Aside(hush=Hush(7, UNDER.ends_at, "slack:Kei <Mori>"))),
    }


UNDER = Silence(
    7,
    ((Matcher("host", "equal", HOST.name), Matcher("interface", "equal", "GigabitEthernet0/1")),),
    OPENED - timedelta(minutes=10),
    OPENED + timedelta(minutes=110),
    "slack:Kei Mori",
    "slack:C0ALERTS01:1795330207.000100",
    "card swap <!channel>",
)
RESUMED = replace(UNDER, revision=2, what="expired", changed_by="slack:Yuki", ends_at=OPENED + timedelta(minutes=30))


def quieted(number, then="", over=None, events=1, **more):
    subject = Subject("interface", f"GigabitEthernet0/{number}")
    state = "resolved" if over else "new"
    over_at = OPENED + timedelta(seconds=over) if over else None
    base = Quieted(
        f"A-7F3K2{number}", "f", state, events, "interface_down", HOST, subject, OPENED, over_at, then, "A-7F3K2Q"
    )
    return replace(base, **more)


CAME = Account(
    12,
    (
        quieted(1, "asked", events=7),
        quieted(2, "under", other="#8"),
        quieted(3, "with"),
        quieted(4, "told"),
        quieted(5),
        quieted(6, over=252, problem="bgp_neighbor_down", subject=Subject("bgp_neighbor", "192.0.2.2")),
    ),
    5,
    1,
)
MANY_CAME = Account(512, tuple(quieted(n, "asked") for n in range(12)), 300, 211)


def click_cases(to):
    """What whoever clicked is told."""
    words = to.words.clicking
    clock, host = "11-22 16:00 JST", "rt-tyo-01"
    happened = (
        clicking.Line(OPENED, clicking.event_line({"phase": "raise", "trap": {"name": "IF-MIB::linkDown"}}, to)),
        clicking.Line(OPENED, clicking.change_line("opened", "event 01JD", None, to)),
        clicking.Line(OPENED, clicking.change_line("judged", "check", "no check for <!here> on ios", to)),
        clicking.Line(OPENED, clicking.change_line("acknowledged", "slack:Kei <Mori>", "on *my* way", to)),
    )

    def said(form, emoji="❌", **named):
        return clicking.answer(emoji, clicking.Sentence(form, named))

    return {
        "click_stale": said(words.stale),
        "click_unknown": said(words.unknown, incident="A-7F3K2Q"),
        "click_over": said(words.over, incident="A-7F3K2Q", clock=clock),
        "click_has_it": said(words.has_it, "👤", who="Kei <Mori>", clock=clock),
        "click_checking": said(words.checking, "🔎", host=host),
        "click_asked_already": said(words.asked_already, "🔎", who="Kei"),
        "click_being_checked": said(words.being_checked, "🔎", host=host, owner="incident A-1", clock=clock),
        "click_no_check": said(words.no_check, problem=to.words.problem("fan_failed"), os="ios"),
        "click_not_in_pagoda": said(words.nobody_logs_in, host="192.0.2.99"),
        "click_nothing_exact": said(words.nothing_exact),
        "click_observer_away": clicking.answer(
            "🔎",
            clicking.Sentence(words.checking, {"host": host}),
            clicking.Sentence(words.observer_away, {"when": clock}),
        ),
        "click_observer_never": said(words.observer_never, "👤"),
        "details": clicking.details(ACKNOWLEDGED, Aside(7), UNDER, happened, 0, to),
        "details_new": clicking.details(NEW, Aside(), None, happened[:2], 0, to),
        "details_over": clicking.details(RESOLVED, Aside(), None, happened * 9, 488, to),
    }


def ending_cases(to):
    """The end of a silence."""
    now = OPENED + timedelta(minutes=95)
    quiet, gone = Account(0, ()), Account(3, (quieted(6, over=252, events=3),), 0, 1)
    elsewhere = Account(1, (quieted(2, "under", other="#8"),), 1, 0)
    return {
        "ended": endings.over(UNDER, CAME, "k", to),
        "ended_many": endings.over(UNDER, MANY_CAME, "k", to),
        "ended_unused": endings.over(UNDER, quiet, "k", to),
        "ended_by_hand": endings.over(RESUMED, gone, "k", to),
        "ended_elsewhere": endings.over(UNDER, elsewhere, "k", to),
        "ended_only_events": endings.over(UNDER, Account(2, ()), "k", to),
        "ends_soon": endings.soon(UNDER, CAME, "k", replace(to, clickable=True), now),
        "ends_soon_unused": endings.soon(UNDER, quiet, "k", to, now),
    }


def course_cases(to):
    someone, why = "kei", "on my way, *spare* SFP <!channel>"
    return {
        "back": course.reopened(REOPENED, "k", to),
        "back_again": course.reopened(replace(REOPENED, reopened=3), "k", to),
        "back_other": course.reopened(replace(REOPENED, problem="fan_failed"), "k", to),
        "acknowledged": course.acknowledged(JUDGED, someone, why, "k", to),
        "acknowledged_only": course.acknowledged(JUDGED, someone, None, "k", to),
        "ended_by_hand": course.ended_by_hand(RESOLVED, someone, "cable replaced", "k", to),
        "found_over": course.found_over(RESOLVED, CLEARED, "k", to),
        "unanswered": course.unanswered(JUDGED, "k", to, now=OPENED + timedelta(hours=26)),
        "unanswered_buttons": course.unanswered(
            JUDGED, "k", replace(to, clickable=True), now=OPENED + timedelta(hours=26)
        ),
        "unanswered_unjudged": course.unanswered(NEW, "k", to, now=OPENED + timedelta(hours=26)),
    }


CRASHED = Verdict(
    "confirmed",
    ("it crashed: Critical software exception; running for 5 minutes",),
    ("rt-tyo-01 uptime is 5 minutes", "Last reload reason: Critical software exception"),
    severity="critical",
)
BY_HAND = Verdict("expected", ("somebody restarted it: Reload Command; running for 5 minutes",))


def note_cases(to):
    return {
        "note_authentication_failure": layout.note(event(), "k", to),
        "note_refused": layout.note(REFUSED, "k", to),
        "note_restart": layout.note(RESTART, "k", to),
        "note_restart_crashed": layout.note(RESTART, "k", to, CRASHED),
        "note_restart_by_hand": layout.note(RESTART, "k", to, BY_HAND),
        "note_uptime_reset": layout.note(UPTIME_RESET, "k", to),
        "note_unknown_host": layout.note(STRANGER, "k", to),
        "note_disputed": layout.note(DISPUTED, "k", to),
        "note_log_line": layout.note(LOG_LINE, "k", to),
        "note_logins_failed": layout.note(NO_LOGIN, "k", to, often=layout.Often(5, 60)),
        "note_notifications_lost": layout.note(lost(kernel=1200, spool_full_info=34), "k", to),
    }


def posting_cases(to):
    said = layout.recovered(RESOLVED, CLEARED, "k", to)
    late = OPENED + timedelta(minutes=31)
    return {
        "late": replace(said, payload=dated(said.payload, OPENED, late, to)),
        "repeated": replace(said, payload=repeated(said.payload, 3, OPENED, to)),
    }


def cases(to):
    """Every message by name, for one reader."""
    return (
        thread_cases(to)
        | button_cases(to)
        | ending_cases(to)
        | click_cases(to)
        | course_cases(to)
        | note_cases(to)
        | storm_cases(to)
        | posting_cases(to)
        | request_cases(to)
    )


def golden(message):
    """A message as its golden file holds it."""
    return asdict(message)
