"""What a storm says in Slack. `golden/storm/` holds what a reviewer reads; see test_slack_layout.py."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from slack_sdk.models.blocks import Block

from fannel.event import Host, Subject
from fannel.lab.slack.blocks import check_message
from fannel.slack.summary import Line, over, summary

GOLDEN = Path(__file__).parent / "golden" / "storm"
TOKYO = ZoneInfo("Asia/Tokyo")
SINCE = datetime(2026, 11, 22, 7, 0, 7, tzinfo=UTC)


def line(number, severity="critical", problem="interface_down", name="GigabitEthernet0/1"):
    host = Host(f"rt-tyo-{number:02}.example.net", known=True, os="iosxe", site="Tokyo DC1")
    return Line(severity, problem, host, Subject("interface", name))


def neighbor(number):
    host = Host(f"rt-osa-{number:02}.example.net", known=True, os="junos")
    return Line("major", "bgp_neighbor_down", host, Subject("bgp_peer", peer="192.0.2.1"))


MANY = [*(line(n, "minor") for n in range(20)), *(line(n) for n in range(20, 26)), *(neighbor(n) for n in range(7))]


def shown(lines, **given):
    more = {"opened": len(lines), "since": SINCE, "waiting": len(lines), "key": "storm/C0/9", "zone": TOKYO, **given}
    return summary(lines, **more).payload


CASES = {
    "begins": shown(MANY),
    "goes_on": shown(MANY[:3], opened=321, waiting=204),
    "over": over(
        opened=321, since=SINCE, until=SINCE + timedelta(seconds=252), waiting=1, key="storm/C0/over/1", zone=TOKYO
    ).payload,
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_as_reviewed(name):
    file, payload = GOLDEN / f"{name}.json", CASES[name]
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(json.dumps(payload, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert payload == json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("payload", CASES.values(), ids=CASES.keys())
def test_slack_would_take_it(payload):
    check_message(payload)
    for block in (*payload["blocks"], *payload["attachments"][0]["blocks"]):
        Block.parse(block).validate_json()


def test_however_many_it_stays_short_and_counts_them_all():
    payload = shown([line(n % 90, problem=f"problem_{n % 50}") for n in range(2000)])
    check_message(payload)
    said = payload["blocks"][0]["text"]["text"]
    assert len(said) < 1500
    assert "2,000 new incidents" in said
    assert "and 1,990 more" in said


def test_the_worst_are_listed_first():
    said = shown([*(line(n, "info") for n in range(30)), line(99)])["blocks"][0]["text"]["text"]
    assert "rt-tyo-99" in said.splitlines()[1]


def test_a_name_cannot_call_everybody():
    evil = Line("critical", "<!channel>", Host("<!here>*x*", known=False), Subject("interface", "<!channel>`"))
    said = json.dumps(shown([evil]))
    assert "<!channel>" not in said
    assert "<!here>" not in said
