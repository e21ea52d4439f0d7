"""Incidents, verdicts and events as Slack messages.

`golden/` holds the payloads a reviewer reads. After a wanted change: `UPDATE_GOLDEN=1 pytest tests/slack`, then read
the diff.
"""

import json
import os
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from slack_sdk.models.blocks import Block

from fannel.checks.verdict import Output, Verdict
from fannel.event import Event, Host, Source, Subject
from fannel.incidents.incident import Aside, Incident, Related
from fannel.lab.slack.blocks import check_message
from fannel.normalise import lost_event
from fannel.slack import blocks, layout

GOLDEN = Path(__file__).parent / "golden"
TOKYO = ZoneInfo("Asia/Tokyo")
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

JUDGED = replace(NEW, state="open", verdict=CONFIRMED.to_json(), raises=3, last_raise_at=OPENED + timedelta(seconds=9))
RESOLVED = replace(JUDGED, state="resolved", resolved_at=OPENED + timedelta(seconds=252))

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

CASES = {
    "parent_checking": layout.parent(NEW, "k", zone=TOKYO),
    "parent_confirmed": layout.parent(JUDGED, "k", zone=TOKYO),
    "parent_expected": layout.parent(replace(NEW, verdict=EXPECTED.to_json()), "k", zone=TOKYO),
    "parent_inconclusive": layout.parent(replace(NEW, verdict=UNREACHABLE.to_json()), "k", zone=TOKYO),
    "parent_resolved": layout.parent(RESOLVED, "k", zone=TOKYO),
    "parent_related": layout.parent(JUDGED, "k", zone=TOKYO, aside=Aside(0, RELATED)),
    "parent_flapping": layout.parent(JUDGED, "k", zone=TOKYO, aside=Aside(12)),
    "parent_resolved_related": layout.parent(RESOLVED, "k", zone=TOKYO, aside=Aside(0, RELATED[:1])),
    "recovered_calm": layout.calm(layout.recovered(RESOLVED, CLEARED, "k"), 12),
    "collected_confirmed": layout.collected(JUDGED, CONFIRMED, "k"),
    "collected_expected": layout.collected(NEW, EXPECTED, "k"),
    "collected_inconclusive": layout.collected(NEW, UNREACHABLE, "k"),
    "recovered": layout.recovered(RESOLVED, CLEARED, "k"),
    "still_down": layout.still_down(JUDGED, CONFIRMED, "k"),
    "note_authentication_failure": layout.note(event(), "k", zone=TOKYO),
    "note_unknown_host": layout.note(
        event(
            kind="interface_down",
            host=Host("192.0.2.99", known=False),
            subject=Subject("interface", ifindex=7),
            source=Source("192.0.2.99"),
            trap={"name": "IF-MIB::linkDown", "varbinds": {"ifIndex": 7, "ifOperStatus": "down"}},
        ),
        "k",
        zone=TOKYO,
    ),
    "note_notifications_lost": layout.note(
        lost(kernel=1200, spool_full_info=34),
        "k",
        zone=TOKYO,
    ),
    "note_disputed": layout.note(
        event(
            source=Source(
                "198.51.100.9",
                agent_address="192.0.2.1",
                proxy="203.0.113.7",
                disputed={"source_address": "rt-nat-01", "agent_address": "rt-tyo-01"},
            )
        ),
        "k",
        zone=TOKYO,
    ),
    "parent_source_storm": layout.parent(STORMING, "k", zone=TOKYO),
    "parent_source_quiet_over": layout.parent(QUIET_OVER, "k", zone=TOKYO),
    "recovered_source_quiet": layout.recovered(QUIET_OVER, Verdict("cleared", ("heard again after 1800 s",)), "k"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_message_is_what_was_agreed(name):
    found = json.dumps(asdict(CASES[name]), ensure_ascii=False, indent=1) + "\n"
    path = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def test_every_golden_file_has_its_case():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_slack_takes_the_message(name):
    payload = CASES[name].payload
    check_message(payload)
    for block in Block.parse_all(payload["blocks"]):
        block.validate_json()


# --- the parent ---------------------------------------------------------------------------------------------------


def headline(message):
    return message.payload["blocks"][0]["text"]["text"].split("\n")[0]


def facts(message):
    return message.payload["blocks"][1]["text"]["text"].split("\n")


def colour(message):
    return message.payload["attachments"][0]["color"]


def test_the_push_says_what_happened_where_first():
    pushed = layout.parent(NEW, "k", zone=TOKYO).payload["text"]
    assert pushed == "🔴 linkDown rt-tyo-01 Gi0/1 · 10G to rt-osa-01 · CKT-0001 · Tokyo DC1"


def test_a_new_incident_is_being_checked():
    message = layout.parent(NEW, "k", zone=TOKYO)
    assert headline(message) == "🔴 *linkDown*  `rt-tyo-01`  `Gi0/1`"
    assert facts(message)[0] == "*Verdict:* checking …"


@pytest.mark.parametrize(
    ("verdict", "first", "says", "bar"),
    [
        (CONFIRMED, "🔴", "DOWN, confirmed: oper down while admin up; LLDP neighbour lost", blocks.RED),
        (EXPECTED, "⚪", "expected: administratively down", blocks.GREY),
        (CLEARED, "🟢", "back already: oper up, admin up", blocks.GREEN),
        (UNREACHABLE, "🟠", "could not judge: rt-tyo-01 is unreachable: SSH timed out after 30 s", blocks.AMBER),
    ],
)
def test_a_judged_incident_says_the_verdict_in_words_emoji_and_colour(verdict, first, says, bar):
    message = layout.parent(replace(NEW, state="open", verdict=verdict.to_json()), "k", zone=TOKYO)
    assert headline(message).startswith(first)
    assert facts(message)[0] == f"*Verdict:* {says}"
    assert colour(message) == bar


def test_a_confirmed_fault_has_the_colour_of_its_severity():
    minor = replace(JUDGED, severity="minor")
    assert colour(layout.parent(minor, "k", zone=TOKYO)) == blocks.AMBER


def test_only_what_can_be_down_is_called_down():
    fan = replace(JUDGED, problem="fan_failure", notification=None)
    message = layout.parent(fan, "k", zone=TOKYO)
    assert headline(message) == "🔴 *fan failure*  `rt-tyo-01`  `Gi0/1`"
    assert facts(message)[0].startswith("*Verdict:* confirmed: ")


def test_repeated_raises_are_counted():
    assert facts(layout.parent(JUDGED, "k", zone=TOKYO))[2].startswith("*Seen:* 3 times, last <!date^1795330816^")


def test_a_resolved_incident_says_how_long_it_was_down():
    message = layout.parent(RESOLVED, "k", zone=TOKYO)
    assert headline(message) == "🟢 *RECOVERED*  `rt-tyo-01`  `Gi0/1`"
    assert facts(message)[0].startswith("*Down:* 4m12s  (")
    assert message.payload["text"].startswith("🟢 RECOVERED rt-tyo-01 Gi0/1 · down 4m12s")
    assert colour(message) == blocks.GREEN


def test_a_parent_never_becomes_rich_text_since_slack_would_refuse_the_edit():
    kinds = {block["type"] for name in CASES if name.startswith("parent") for block in CASES[name].payload["blocks"]}
    assert kinds == {"section"}


def test_old_directory_data_is_said_to_be_old():
    message = layout.parent(replace(NEW, host=replace(HOST, stale_s=7380)), "k", zone=TOKYO)
    assert "pagoda data 2h03m old" in str(message.payload["attachments"])


def test_the_metadata_holds_ids_only():
    metadata = layout.parent(NEW, "key-1", zone=TOKYO).payload["metadata"]
    assert metadata == {
        "event_type": "fannel_incident",
        "event_payload": {"v": 1, "incident": "A-7F3K2Q", "key": "key-1"},
    }


# --- replies ------------------------------------------------------------------------------------------------------


def preformatted(message):
    """The preformatted pages of a message, each as lines."""
    return [
        element["elements"][0]["text"].split("\n")
        for block in message.payload["blocks"]
        if block["type"] == "rich_text"
        for element in block["elements"]
        if element["type"] == "rich_text_preformatted"
    ]


def test_long_output_leaves_the_evidence_first_and_the_rest_to_a_file():
    message = layout.collected(JUDGED, CONFIRMED, "k")
    assert preformatted(message)[0][:2] == ["GigabitEthernet0/1 is down, line protocol", "  is down (notconnect)"]
    assert message.file is not None
    assert message.file.content.startswith(f"### show interfaces GigabitEthernet0/1  (0.8 s)\n{SHOW}\n")
    assert "### show lldp neighbors GigabitEthernet0/1  (0.4 s)\nTotal entries displayed: 0\n" in message.file.content
    assert message.file.title.startswith("rt-tyo-01 Gi0/1 (")


def test_short_output_stands_whole_under_its_command_without_a_file():
    message = layout.collected(NEW, EXPECTED, "k")
    assert preformatted(message) == [["GigabitEthernet0/1 is administratively", "  down", "  MTU 1500 bytes"]]
    assert message.file is None


def test_evidence_that_no_output_holds_is_still_shown():
    verdict = replace(EXPECTED, evidence=("ifAdminStatus = down",))
    assert preformatted(layout.collected(NEW, verdict, "k"))[0] == ["ifAdminStatus = down"]


def test_a_reply_shows_at_most_twenty_lines():
    many = replace(CONFIRMED, evidence=tuple(f"line {number} of evidence" for number in range(100)))
    message = layout.collected(JUDGED, many, "k")
    assert sum(map(len, preformatted(message))) == 20
    assert preformatted(message)[0][-1] == "…"


def test_the_file_stays_below_slacks_megabyte():
    huge = replace(CONFIRMED, outputs=(Output("show tech", "回線 is down\n" * 400_000),))
    file = layout.collected(JUDGED, huge, "k").file
    assert 999_000 < len(file.content.encode()) <= 1_000_000
    assert file.content.endswith("[cut short: Slack takes no more]\n")


def test_two_checks_of_one_incident_have_different_files():
    names = {layout.collected(JUDGED, CONFIRMED, key).file.filename for key in ("first", "second")}
    assert len(names) == 2


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        ("unreachable: no route to host", "Is the device up?"),
        ("login failed: authentication failed", "Check the credentials"),
        ("wrong enable password", "enable secret"),
        ("the host key has changed", "known_hosts"),
        ("no check for bfd_down on nxos", "Write a check"),
        ("the output could not be parsed", "Read the output below"),
        ("something nobody thought of", "by hand"),
    ],
)
def test_when_a_check_could_not_judge_it_should_say_what_to_do(reason, step):
    said = layout.collected(NEW, Verdict("inconclusive", (reason,)), "k").payload["blocks"][0]["text"]["text"]
    assert said.startswith(f"🟠 *could not judge*\n{reason}\n*Next:* ")
    assert step in said.rsplit("*Next:*", 1)[1]


def test_a_recovery_is_shown_in_the_channel():
    assert layout.recovered(RESOLVED, CLEARED, "k").broadcast


def test_a_recovery_of_what_was_meant_to_be_down_is_not():
    planned = replace(RESOLVED, verdict=EXPECTED.to_json())
    assert not layout.recovered(planned, CLEARED, "k").broadcast


@pytest.mark.parametrize(
    ("verdict", "said"), [(None, "no check was made"), (UNREACHABLE, "not verified: rt-tyo-01 is unreachable")]
)
def test_a_recovery_nobody_verified_says_so(verdict, said):
    assert said in layout.recovered(RESOLVED, verdict, "k").payload["blocks"][0]["text"]["text"]


def test_when_the_clear_was_wrong_the_thread_says_still_down():
    message = layout.still_down(JUDGED, CONFIRMED, "k")
    assert message.payload["text"].startswith("🔴 STILL DOWN rt-tyo-01 Gi0/1 · oper down while admin up")


def test_when_the_check_could_not_tell_it_is_not_called_down():
    message = layout.still_down(JUDGED, UNREACHABLE, "k")
    assert headline(message).startswith("🟠 *NOT CONFIRMED UP*")


def test_the_name_the_device_gave_is_used_when_the_trap_had_none():
    nameless = replace(NEW, subject=Subject("interface", ifindex=3))
    verdict = replace(EXPECTED, subject_name="GigabitEthernet0/7")
    assert "ifIndex 3" in layout.parent(nameless, "k", zone=TOKYO).payload["text"]
    assert "Gi0/7" in layout.collected(nameless, verdict, "k").payload["text"]


# --- notes --------------------------------------------------------------------------------------------------------


def test_an_unknown_host_is_named_and_what_to_do():
    message = CASES["note_unknown_host"]
    assert message.payload["text"] == "🟠 192.0.2.99 ifIndex 7 linkDown"
    assert facts(message)[0].startswith("*Host:* not in pagoda.")


def test_an_address_that_several_hosts_claim_is_said_to_be_so():
    twins = Host("192.0.2.5", known=False, ambiguous=("rt-a.example.net", "rt-b.example.net"))
    assert facts(layout.note(event(host=twins), "k", zone=TOKYO))[0] == (
        "*Host:* several in pagoda claim this address: rt-a.example.net, rt-b.example.net"
    )


def test_a_note_shows_the_first_varbinds():
    trap = {"name": "X-MIB::thing", "varbinds": {f"name{number}": number for number in range(50)}}
    assert preformatted(layout.note(event(trap=trap), "k", zone=TOKYO)) == [[f"name{n} = {n}" for n in range(8)]]


def test_a_note_never_shows_a_community():
    trap = {"name": "X-MIB::thing", "varbinds": {"SNMP-COMMUNITY-MIB::snmpTrapCommunity": "s3cret", "a": 1}}
    assert "s3cret" not in json.dumps(layout.note(event(trap=trap), "k", zone=TOKYO).payload)


def test_a_note_of_a_log_line_shows_the_line():
    message = layout.note(event(via="syslog", trap=None, syslog={"message": "%SYS-5-RESTART: reload"}), "k", zone=TOKYO)
    assert preformatted(message) == [["%SYS-5-RESTART: reload"]]
    assert headline(message) == "🟠 *authentication failure*  `rt-tyo-01`"


def test_an_output_that_says_no_more_than_the_evidence_is_not_said_twice():
    log = "%LINK-3-UPDOWN: Gi0/1 down"  # short: it is not wrapped
    interface = "\n".join(["Gi0/1 is down", *(f"  counter {n}" for n in range(30))])
    verdict = replace(
        CONFIRMED,
        evidence=("Gi0/1 is down", log),
        outputs=(Output("show interfaces Gi0/1", interface), Output("show logging", f"\n{log}\n")),
    )
    assert str(layout.collected(NEW, verdict, "k").payload["blocks"]).count(log) == 1


# --- what FANNEL lost ---------------------------------------------------------------------------------------------


def said(message):
    return [block["text"]["text"] for block in message.payload["blocks"]]


def test_the_greatest_loss_goes_first_and_its_remedy_too():
    what, advice = said(layout.note(lost(spool_age=2, kernel=1, spool_refused=1_000_000), "k", zone=TOKYO))
    first, *ways = what.split("\n")
    assert "FANNEL lost 1,000,003 notifications" in first
    assert [way.split()[1] for way in ways] == ["1,000,000", "2", "1"]
    assert advice.startswith("*Do:* Look at the disk")


def test_one_is_one_notification():
    assert "FANNEL lost 1 notification:" in layout.note(lost(kernel=1), "k", zone=TOKYO).payload["text"]


def test_a_remedy_is_not_told_twice():
    _, advice = said(layout.note(lost(spool_full=2, spool_full_info=1, spool_age=1), "k", zone=TOKYO))
    assert advice.count("*Do:*") == 1


def test_a_reason_without_words_is_shown_and_harmless():
    what, advice = said(layout.note(lost(**{"<!channel>_new": 5}), "k", zone=TOKYO))
    assert "5 lost: &lt;!channel&gt; new" in what
    assert "*Do:*" not in advice


@pytest.mark.parametrize(
    "reason",
    [
        *("kernel", "buffer_full", "spool_refused", "spool_full", "spool_full_info", "spool_age", "spool_damaged"),
        "defect",
    ],
)
def test_every_reason_there_is_has_words_and_a_remedy(reason):
    what, advice = said(layout.note(lost(**{reason: 1}), "k", zone=TOKYO))
    assert "lost: " not in what
    assert "*Do:*" in advice
