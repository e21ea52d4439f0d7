"""Strings as hostile as they come, records made of them, and what no message made of those may do."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from fannel.checks.verdict import Output, Verdict
from fannel.event import Event, Host, Source, Subject
from fannel.incidents.incident import Aside, Hush, Incident, Related
from fannel.lab.slack.blocks import check_message
from fannel.slack.layout import storm

OPENED = datetime(2026, 11, 22, 7, 0, 7, tzinfo=UTC)

# What FANNEL itself gives as reasons, with a stranger's words in it.
OWN = [
    "waited 12 s: another run (`<!channel>` on *x*, since 16:00:01) was looking at this device",
    "lies on <!here>",
    "no check for *{a}* on {0}",
]
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
    reasons=st.lists(strings | st.sampled_from(OWN), min_size=1, max_size=3).map(tuple),
    evidence=st.lists(strings, max_size=4).map(tuple),
    outputs=st.lists(st.builds(Output, command=strings, text=strings), max_size=3).map(tuple),
    subject_name=maybe,
    waited=strings,
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
    acknowledged_at=st.none() | st.just(OPENED + timedelta(minutes=2)),
    acknowledged_by=maybe,
    reopened=st.integers(0, 10**6),
    recovered_at=st.none() | st.just(OPENED + timedelta(minutes=3)),
    reopened_at=st.none() | st.just(OPENED + timedelta(minutes=4)),
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
    refusal=st.none() | st.fixed_dictionaries({"reason": strings, "detail": strings, "unsaid": st.integers(0, 10**9)}),
)
losses = st.dictionaries(
    st.sampled_from(["kernel", "spool_full", "defect"]) | strings, st.integers(1, 10**9), min_size=1
)
asides = st.builds(
    Aside,
    flapping=st.integers(0, 10**6),
    related=st.lists(
        st.builds(Related, problem=strings, host=hosts, subject=subjects, why=strings, over=st.booleans()), max_size=12
    ).map(tuple),
    outlived=strings,
    hush=st.none() | st.builds(Hush, st.integers(1, 10**9), st.just(OPENED), strings),
)
lines = st.lists(
    st.builds(storm.Line, severity=severities, problem=strings, host=hosts, subject=subjects), min_size=1, max_size=30
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


# A push, and the date in front of one that comes late.
PUSH = 150 + len("2026-11-22 16:00 ")


def assert_harmless(message):
    """Slack takes it, it calls nobody, it fits a phone."""
    payload = message.payload
    check_message(payload)
    below = [block for attachment in payload.get("attachments", ()) for block in attachment.get("blocks", ())]
    for block in Block.parse_all([*payload["blocks"], *below]):
        block.validate_json()
    assert len(json.dumps(payload.get("metadata", {}))) < 4000
    assert 1 <= len(payload["text"]) <= PUSH
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
