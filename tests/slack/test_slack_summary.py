"""What a storm says in Slack. What the whole of it looks like: test_slack_golden.py."""

import json

from slack_cases import ENGLISH, OPENED, line

from fannel.event import Host, Subject
from fannel.lab.slack.blocks import check_message
from fannel.slack.layout.storm import Line, summary


def shown(lines, **given):
    more = {"opened": len(lines), "since": OPENED, "waiting": len(lines), "key": "storm/C0/9", "to": ENGLISH, **given}
    return summary(lines, **more).payload


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
