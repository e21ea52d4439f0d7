"""What somebody with write access to pagoda can put into names and texts, on its way to the rules and to Slack.

One event source hears a linkDown of each hostile device; then the step that announces it runs as in a playbook.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from running_source import Running, environment

from fannel import config
from fannel.host_name import is_host_name
from fannel.incidents.store import Store
from fannel.lab.pagoda import LAB_TOKEN, PagodaStandIn
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.posting import open_outbox
from fannel.respond import Responder
from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

CHANNEL = "C0ALERTS01"
HOSTILE = {
    "template": "{{ lookup('pipe', 'touch /tmp/fannel-owned') }}",
    "statement": "{% set x = 1 %}{# x #}",
    "header": "#jinja2: variable_start_string:'[%'\n[% 7 %]",
    "path": "../../../etc/passwd",
    "newlines": "a\nb: c\r\n- d",
    "shell": "$(touch x); `id` | rm -rf / & > x",
    "long": "x" * 10_000,
    "bidi": "rt\u202e\u2066evil\u2069\u200f",
    "mention": "<!channel> <@U0123> <https://evil.example|click>",
    "terminal": "\x1b[2J\x07\x9b",
    "pattern": "all,!rt-tyo-01.example.net",
}
CASES = list(HOSTILE)
# More than an event of a device in order may ever have; rules pay for every octet.
MOST_OCTETS = 8_000


def address(case: str) -> str:
    return f"127.0.3.{CASES.index(case) + 1}"


def stand_in_with_all() -> PagodaStandIn:
    stand_in = PagodaStandIn()
    for case, text in HOSTILE.items():
        # The name has to be its own: the same text names a site and a platform.
        stand_in.records.put("Site", text, {"code": "X"})
        stand_in.records.put("Platform", text, {"ansible_network_os": text})
        facts = {"management_ip": address(case), "site": text, "platform": text, "status": "active"}
        stand_in.records.put("NetworkDevice", text, facts)
        port = {"device": text, "if_name": text, "if_index": 3, "description": text, "circuit_id": text}
        stand_in.records.put("Interface", f"{text}:3", port)
    return stand_in


async def heard() -> dict[str, dict]:
    index = WireVarBind("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 3)
    events = {}
    async with Running() as source:
        for case in CASES:
            source.send(encode_trap("1.3.6.1.6.3.1.1.5.3", [index], community=b"public"), address(case)).close()
        while len(events) < len(CASES):
            event = await source.event(30)
            events[event["source"]["address"]] = event
    return events


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Each case's event, and what was posted about it."""
    folder = tmp_path_factory.mktemp("hostile")
    slack, pagoda = SlackStandIn(rate_limits=False), stand_in_with_all()
    with pytest.MonkeyPatch.context() as patch, running(slack):
        environment(patch, folder, "")
        patch.setenv("PAGODA_URL", pagoda.start())
        patch.setenv("PAGODA_TOKEN", LAB_TOKEN)
        events = asyncio.run(heard())
        patch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
        patch.setenv("FANNEL_SLACK__API_URL", slack.api_url)
        settings = config.load()
        store = Store.open(settings.database.url)
        # Two seconds pass between any two looks at the clock: the channel's pace holds nothing back.
        moments = itertools.count(1)
        began = datetime.now(UTC)

        def now() -> datetime:
            return began + timedelta(seconds=2 * next(moments))

        responder = Responder(settings, store, open_outbox(settings, store, now), now)
        posts = {}
        for at, event in events.items():
            before = set(slack.workspace.messages[CHANNEL])
            responder.announce(event)
            posts[at] = [m for ts, m in slack.workspace.messages[CHANNEL].items() if ts not in before]
        store.close()
    pagoda.stop()
    return events, posts


def texts(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *texts(item))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def unreadable(text: str) -> list[str]:
    """Characters that do more than be read: direction marks, terminal controls."""
    return [c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs"} and c not in "\n\t"]


def begins_a_template(text: str) -> bool:
    return text.startswith("#") or "{" in unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize("case", CASES)
def test_its_event_is_about_the_device_and_harmless(told, case):
    event = told[0][address(case)]
    assert event["host"]["known"]
    assert not [text for text in texts(event) if unreadable(text) or begins_a_template(text)]
    assert len(json.dumps(event)) < MOST_OCTETS


@pytest.mark.parametrize("case", CASES)
def test_its_playbooks_limit_is_no_pattern_and_no_path(told, case):
    hosts = told[0][address(case)]["meta"]["hosts"]
    assert hosts == "localhost" or is_host_name(hosts)
    assert "/" not in hosts


@pytest.mark.parametrize("case", CASES)
def test_its_message_mentions_nobody_and_links_nowhere(told, case):
    (post, *_) = told[1][address(case)]
    for text in texts({"text": post["text"], "blocks": post.get("blocks") or []}):
        assert not unreadable(text)
        assert "<!channel>" not in text
        assert "<@U0123>" not in text
        assert "<https://evil" not in text
