"""Incidents, verdicts and events as Slack messages. What the whole of each looks like: test_slack_golden.py."""

import json
from dataclasses import replace

import pytest
from slack_cases import (
    CLEARED,
    CONFIRMED,
    ENGLISH,
    EXPECTED,
    HOST,
    JUDGED,
    NEW,
    RESOLVED,
    SHOW,
    UNREACHABLE,
    cases,
    event,
    lost,
)

from fannel.checks.verdict import Output, Verdict
from fannel.event import Host, Subject
from fannel.slack import blocks, layout

CASES = cases(ENGLISH)


# --- the parent ---------------------------------------------------------------------------------------------------


def headline(message):
    return message.payload["blocks"][0]["text"]["text"].split("\n")[0]


def facts(message):
    return message.payload["blocks"][1]["text"]["text"].split("\n")


def colour(message):
    return message.payload["attachments"][0]["color"]


def test_the_push_says_what_happened_where_first():
    pushed = layout.parent(NEW, "k", ENGLISH).payload["text"]
    assert pushed == "🔴 linkDown rt-tyo-01 Gi0/1 · critical · 10G to rt-osa-01 · CKT-0001 · Tokyo DC1"


def test_a_new_incident_is_being_checked():
    message = layout.parent(NEW, "k", ENGLISH)
    assert headline(message) == "🔴 *linkDown*  `rt-tyo-01`  `Gi0/1`  critical"
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
    message = layout.parent(replace(NEW, state="open", verdict=verdict.to_json()), "k", ENGLISH)
    assert headline(message).startswith(first)
    assert facts(message)[0] == f"*Verdict:* {says}"
    assert colour(message) == bar


def test_a_confirmed_fault_has_the_colour_of_its_severity():
    minor = replace(JUDGED, severity="minor")
    assert colour(layout.parent(minor, "k", ENGLISH)) == blocks.AMBER


def test_only_what_can_be_down_is_called_down():
    fan = replace(JUDGED, problem="fan_failure", notification=None)
    message = layout.parent(fan, "k", ENGLISH)
    assert headline(message) == "🔴 *fan failure*  `rt-tyo-01`  `Gi0/1`  critical"
    assert facts(message)[0].startswith("*Verdict:* confirmed: ")


def test_repeated_raises_are_counted():
    assert facts(layout.parent(JUDGED, "k", ENGLISH))[2].startswith("*Seen:* 3 times, last <!date^1795330816^")


def test_a_resolved_incident_says_how_long_it_was_down():
    message = layout.parent(RESOLVED, "k", ENGLISH)
    assert headline(message) == "🟢 *RECOVERED*  `rt-tyo-01`  `Gi0/1`"
    assert facts(message)[0].startswith("*Down:* 4m12s  (")
    assert message.payload["text"].startswith("🟢 RECOVERED rt-tyo-01 Gi0/1 · down 4m12s")
    assert colour(message) == blocks.GREEN


def test_a_parent_never_becomes_rich_text_since_slack_would_refuse_the_edit():
    kinds = {block["type"] for name in CASES if name.startswith("parent") for block in CASES[name].payload["blocks"]}
    assert kinds == {"section"}


def test_old_directory_data_is_said_to_be_old():
    message = layout.parent(replace(NEW, host=replace(HOST, stale_s=7380)), "k", ENGLISH)
    assert "pagoda data 2h03m old" in str(message.payload["attachments"])


def test_the_metadata_holds_ids_only():
    metadata = layout.parent(NEW, "key-1", ENGLISH).payload["metadata"]
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
    message = layout.collected(JUDGED, CONFIRMED, "k", ENGLISH)
    assert preformatted(message)[0][:2] == ["GigabitEthernet0/1 is down, line protocol", "  is down (notconnect)"]
    assert message.file is not None
    assert message.file.content.startswith(f"### show interfaces GigabitEthernet0/1  (0.8 s)\n{SHOW}\n")
    assert "### show lldp neighbors GigabitEthernet0/1  (0.4 s)\nTotal entries displayed: 0\n" in message.file.content
    assert message.file.title.startswith("rt-tyo-01 Gi0/1 (")


def test_short_output_stands_whole_under_its_command_without_a_file():
    message = layout.collected(NEW, EXPECTED, "k", ENGLISH)
    assert preformatted(message) == [["GigabitEthernet0/1 is administratively", "  down", "  MTU 1500 bytes"]]
    assert message.file is None


def test_evidence_that_no_output_holds_is_still_shown():
    verdict = replace(EXPECTED, evidence=("ifAdminStatus = down",))
    assert preformatted(layout.collected(NEW, verdict, "k", ENGLISH))[0] == ["ifAdminStatus = down"]


def test_a_reply_shows_at_most_twenty_lines():
    many = replace(CONFIRMED, evidence=tuple(f"line {number} of evidence" for number in range(100)))
    message = layout.collected(JUDGED, many, "k", ENGLISH)
    assert sum(map(len, preformatted(message))) == 20
    assert preformatted(message)[0][-1] == "…"


def test_the_file_stays_below_slacks_megabyte():
    huge = replace(CONFIRMED, outputs=(Output("show tech", "回線 is down\n" * 400_000),))
    file = layout.collected(JUDGED, huge, "k", ENGLISH).file
    assert 999_000 < len(file.content.encode()) <= 1_000_000
    assert file.content.endswith("[cut short: Slack takes no more]\n")


def test_two_checks_of_one_incident_have_different_files():
    names = {layout.collected(JUDGED, CONFIRMED, key, ENGLISH).file.filename for key in ("first", "second")}
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
        (
            "another run (incident A-1 on noc-02) is looking at this device; gave up after 60 s",
            "thread of the other run",
        ),
        ("pagoda names no platform for this device; nobody logged in", "into pagoda"),
        ("something nobody thought of", "by hand"),
    ],
)
def test_when_a_check_could_not_judge_it_should_say_what_to_do(reason, step):
    said = layout.collected(NEW, Verdict("inconclusive", (reason,)), "k", ENGLISH).payload["blocks"][0]["text"]["text"]
    assert said.startswith(f"🟠 *could not judge*  `rt-tyo-01`  `Gi0/1`\n{reason}\n*Next:* ")
    assert step in said.rsplit("*Next:*", 1)[1]


def test_a_recovery_is_shown_in_the_channel():
    assert layout.recovered(RESOLVED, CLEARED, "k", ENGLISH).broadcast


def test_a_recovery_of_what_was_meant_to_be_down_is_not():
    planned = replace(RESOLVED, verdict=EXPECTED.to_json())
    assert not layout.recovered(planned, CLEARED, "k", ENGLISH).broadcast


@pytest.mark.parametrize(
    ("verdict", "said"), [(None, "no check was made"), (UNREACHABLE, "not verified: rt-tyo-01 is unreachable")]
)
def test_a_recovery_nobody_verified_says_so(verdict, said):
    assert said in layout.recovered(RESOLVED, verdict, "k", ENGLISH).payload["blocks"][0]["text"]["text"]


def test_when_the_clear_was_wrong_the_thread_says_still_down():
    message = layout.still_down(JUDGED, CONFIRMED, "k", ENGLISH)
    assert message.payload["text"].startswith("🔴 STILL DOWN rt-tyo-01 Gi0/1 · oper down while admin up")


def test_when_the_check_could_not_tell_it_is_not_called_down():
    message = layout.still_down(JUDGED, UNREACHABLE, "k", ENGLISH)
    assert headline(message).startswith("🟠 *NOT CONFIRMED UP*")


def test_the_name_the_device_gave_is_used_when_the_trap_had_none():
    nameless = replace(NEW, subject=Subject("interface", ifindex=3))
    verdict = replace(EXPECTED, subject_name="GigabitEthernet0/7")
    assert "ifIndex 3" in layout.parent(nameless, "k", ENGLISH).payload["text"]
    assert "Gi0/7" in layout.collected(nameless, verdict, "k", ENGLISH).payload["text"]


# --- notes --------------------------------------------------------------------------------------------------------


def test_an_unknown_host_is_named_and_what_to_do():
    message = CASES["note_unknown_host"]
    assert message.payload["text"] == "🟠 linkDown 192.0.2.99 ifIndex 7 · warning"
    assert facts(message)[0].startswith("*Host:* not in pagoda.")


def test_an_address_that_several_hosts_claim_is_said_to_be_so():
    twins = Host("192.0.2.5", known=False, ambiguous=("rt-a.example.net", "rt-b.example.net"))
    assert facts(layout.note(event(host=twins), "k", ENGLISH))[0] == (
        "*Host:* several in pagoda claim this address: rt-a.example.net, rt-b.example.net"
    )


def test_a_note_shows_the_first_varbinds():
    trap = {"name": "X-MIB::thing", "varbinds": {f"name{number}": number for number in range(50)}}
    assert preformatted(layout.note(event(trap=trap), "k", ENGLISH)) == [[f"name{n} = {n}" for n in range(8)]]


def test_a_note_never_shows_a_community():
    trap = {"name": "X-MIB::thing", "varbinds": {"SNMP-COMMUNITY-MIB::snmpTrapCommunity": "s3cret", "a": 1}}
    assert "s3cret" not in json.dumps(layout.note(event(trap=trap), "k", ENGLISH).payload)


def test_a_note_of_a_log_line_shows_the_line():
    message = layout.note(event(via="syslog", trap=None, syslog={"message": "%SYS-5-RESTART: reload"}), "k", ENGLISH)
    assert preformatted(message) == [["%SYS-5-RESTART: reload"]]
    assert headline(message) == "🟠 *authentication failure*  `rt-tyo-01`  warning"


def test_an_output_that_says_no_more_than_the_evidence_is_not_said_twice():
    log = "%LINK-3-UPDOWN: Gi0/1 down"  # short: it is not wrapped
    interface = "\n".join(["Gi0/1 is down", *(f"  counter {n}" for n in range(30))])
    verdict = replace(
        CONFIRMED,
        evidence=("Gi0/1 is down", log),
        outputs=(Output("show interfaces Gi0/1", interface), Output("show logging", f"\n{log}\n")),
    )
    assert str(layout.collected(NEW, verdict, "k", ENGLISH).payload["blocks"]).count(log) == 1


# --- what FANNEL lost ---------------------------------------------------------------------------------------------


def said(message):
    return [block["text"]["text"] for block in message.payload["blocks"]]


def test_the_greatest_loss_goes_first_and_its_remedy_too():
    what, advice = said(layout.note(lost(spool_age=2, kernel=1, spool_refused=1_000_000), "k", ENGLISH))
    first, *ways = what.split("\n")
    assert "FANNEL lost 1,000,003 notifications" in first
    assert [way.split()[1] for way in ways] == ["1,000,000", "2", "1"]
    assert advice.startswith("*Do:* Look at the disk")


def test_one_is_one_notification():
    assert "FANNEL lost 1 notification:" in layout.note(lost(kernel=1), "k", ENGLISH).payload["text"]


def test_a_remedy_is_not_told_twice():
    _, advice = said(layout.note(lost(spool_full=2, spool_full_info=1, spool_age=1), "k", ENGLISH))
    assert advice.count("*Do:*") == 1


def test_a_reason_without_words_is_shown_and_harmless():
    what, advice = said(layout.note(lost(**{"<!channel>_new": 5}), "k", ENGLISH))
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
    what, advice = said(layout.note(lost(**{reason: 1}), "k", ENGLISH))
    assert "lost: " not in what
    assert "*Do:*" in advice
