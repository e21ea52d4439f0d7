"""Whatever the strings of an incident hold, the message is one Slack takes and nobody else is called by it."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from fannel.checks.verdict import Output, Verdict
from fannel.event import Event, Host, Source, Subject
from fannel.incidents.incident import Incident
from fannel.lab.slack.blocks import check_message
from fannel.slack import layout

OPENED = datetime(2026, 11, 22, 7, 0, 7, tzinfo=UTC)

nasty = st.sampled_from(
    [
        "",
        " \t\n",
        "<!channel>",
        "*b* _i_ ~s~ `c` ```p```",
        "<https://evil.example|Gi0/1>",
        "&lt;!here&gt;",
        "\u202eevil\u2066 \u200f",
        "אבג دال",
        "\x1b]0;title\x07\x00\x9b31m",
        "\ud800",
        "x" * 10_000,
        "🔴" * 5_000,
        "e" + "\u0301" * 5_000,
        "{{ lookup('pipe', 'id') }}",
        "<script>alert(1)</script>",
        "line\n" * 500,
    ]
)
strings = nasty | st.text(st.characters(codec=None), max_size=60)
maybe = st.none() | strings
hosts = st.builds(
    Host, name=strings, known=st.booleans(), os=maybe, platform=maybe, site=maybe, stale_s=st.integers(0, 10**6)
)
subjects = st.builds(
    Subject,
    type=st.sampled_from(["interface", "bgp_peer", "device"]),
    name=maybe,
    ifindex=st.none() | st.integers(0, 2**32),
    description=maybe,
    peer=maybe,
    circuit=maybe,
)
severities = st.sampled_from(["critical", "major", "minor", "warning", "info"])
verdicts = st.builds(
    Verdict,
    outcome=st.sampled_from(["confirmed", "cleared", "expected", "inconclusive"]),
    reasons=st.lists(strings, min_size=1, max_size=3).map(tuple),
    evidence=st.lists(strings, max_size=4).map(tuple),
    outputs=st.lists(st.builds(Output, command=strings, text=strings), max_size=3).map(tuple),
    subject_name=maybe,
)
incidents = st.builds(
    Incident,
    id=st.just("A-7F3K2Q"),
    fingerprint=strings,
    problem=st.sampled_from(["interface_down", "fan_failure"]) | strings,
    severity=severities,
    state=st.sampled_from(["new", "open", "acknowledged", "resolved", "closed"]),
    host=hosts,
    subject=subjects,
    notification=maybe,
    opened_by=st.just("01JD"),
    opened_at=st.just(OPENED),
    last_raise_at=st.just(OPENED + timedelta(seconds=5)),
    raises=st.integers(1, 10**6),
    resolved_at=st.none() | st.just(OPENED + timedelta(hours=2)),
    verdict=st.none() | verdicts.map(lambda verdict: json.loads(json.dumps(verdict.to_json()))),
)
events = st.builds(
    Event,
    id=st.just("01JD"),
    received_at=st.just(OPENED),
    via=st.sampled_from(["snmp_trap", "syslog"]),
    kind=strings,
    problem=strings,
    phase=st.just("info"),
    severity=severities,
    host=hosts,
    subject=subjects,
    source=st.builds(Source, address=strings),
    trap=st.none()
    | st.fixed_dictionaries({"name": strings, "varbinds": st.dictionaries(strings, strings, max_size=12)}),
    syslog=st.none() | st.fixed_dictionaries({"message": strings}),
    repeats=st.integers(1, 1000),
)

MARKUP = re.compile(r"<([^>]*)>")
OURS = re.compile(r"!date\^\d+\^[^|<>]*\|[^|<>]*\Z")


def mrkdwn_of(value):
    """Every mrkdwn text of a payload, and its top-level text."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        for item in value.values():
            yield from mrkdwn_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from mrkdwn_of(item)


def assert_harmless(message):
    payload = message.payload
    check_message(payload)
    for block in Block.parse_all(payload["blocks"]):
        block.validate_json()
    assert 1 <= len(payload["text"]) <= 150
    assert "\n" not in payload["text"]
    json.dumps(payload, ensure_ascii=False).encode()
    for written in [payload["text"], *mrkdwn_of(payload)]:
        assert all(OURS.match(inner) for inner in MARKUP.findall(written)), written
        assert written.count("`") % 2 == 0
    lines = [
        line
        for block in payload["blocks"]
        if block["type"] == "rich_text"
        for element in block["elements"]
        if element["type"] == "rich_text_preformatted"
        for line in element["elements"][0]["text"].split("\n")
    ]
    assert len(lines) <= 20
    assert all(len(line) <= 42 for line in lines)
    if message.file is not None:
        assert 1 <= len(message.file.content.encode()) <= 1_000_000
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,110}", message.file.filename)


@settings(max_examples=100, deadline=None)
@given(incidents, verdicts)
def test_every_message_about_an_incident_is_harmless(incident, verdict):
    assert_harmless(layout.parent(incident, "key", zone=UTC))
    assert_harmless(layout.collected(incident, verdict, "key"))
    assert_harmless(layout.recovered(incident, verdict, "key"))
    assert_harmless(layout.recovered(incident, None, "key"))
    assert_harmless(layout.still_down(incident, verdict, "key"))


@settings(max_examples=100, deadline=None)
@given(events)
def test_every_note_is_harmless(event):
    assert_harmless(layout.note(event, "key", zone=UTC))


@pytest.mark.parametrize("alias", ["<!channel> down", "`<!here>`", "*urgent* <@U0OPERATOR>"])
def test_an_interface_description_cannot_call_anybody(alias):
    incident = Incident(
        "A-1", "f", "interface_down", "critical", "new", Host("rt1", known=True),
        Subject("interface", "Gi0/1", description=alias), "IF-MIB::linkDown", "e", OPENED, OPENED,
    )  # fmt: skip
    written = json.dumps(layout.parent(incident, "key", zone=UTC).payload)
    assert "<!channel" not in written
    assert "<!here" not in written
    assert "<@" not in written
