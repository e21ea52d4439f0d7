"""What `fannel doctor` says of requests in Slack."""

from pathlib import Path

import pytest

from fannel import config
from fannel.lab.slack import APP_TOKEN, BOT_TOKEN, SlackStandIn, running
from fannel.lab.slack.workspace import Channel
from fannel.ops.doctor.requests import requests


@pytest.fixture
def stand_in():
    there = SlackStandIn(
        channels=(
            Channel("C0SILENCE1", "silences"),
            Channel("C0OTHER001", "other", is_member=False),
            Channel("C0OLD00001", "old", is_archived=True),
        )
    )
    with running(there):
        there.workspace.groups["S0NOC"] = {"id": "S0NOC", "users": ["U0KEI"]}
        there.workspace.groups["S0NOBODY"] = {"id": "S0NOBODY", "users": []}
        yield there


@pytest.fixture
def look(stand_in):
    def looked(**variables):
        environ = {f"FANNEL_{name.upper()}": value for name, value in variables.items()}
        tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
        told = {"FANNEL_SLACK__API_URL": stand_in.api_url, **tokens, **environ}
        return requests(config.load(told, cwd=Path("/nonexistent")))

    return looked


def test_where_they_are_heard_is_named(look):
    found = look(silences__channels="C0SILENCE1", permissions__silence="S0NOC,U0KEI")
    assert (found.name, found.status, found.finding) == ("requests", "ok", "heard in #silences")
    assert look().finding == "heard in C0ALERTS01"


def test_without_an_app_token_nobody_is_heard():
    found = requests(config.load({"SLACK_BOT_TOKEN": BOT_TOKEN}, cwd=Path("/nonexistent")))
    assert (found.status, found.finding[:23]) == ("ok", "nobody is heard in Slac")


@pytest.mark.parametrize(
    ("channel", "finding"),
    [
        ("C0OTHER001", "silences.channels: #other (C0OTHER001): FANNEL is not a member"),
        ("C0OLD00001", "silences.channels: #old (C0OLD00001): is archived"),
        ("C0NOWHERE1", "silences.channels: C0NOWHERE1: channel_not_found"),
    ],
)
def test_a_channel_where_it_cannot_hear_is_wrong(look, channel, finding):
    found = look(silences__channels=f"C0SILENCE1,{channel}")
    assert (found.status, found.finding) == ("wrong", finding)
    assert found.remedy


def test_a_group_that_slack_does_not_tell_of_is_wrong_and_an_empty_one_a_warning(look):
    found = look(permissions__resume="S0GONE")
    assert (found.status, found.finding) == (
        "wrong",
        "permissions.resume: user group S0GONE: no_such_subteam: nobody of it may",
    )
    found = look(permissions__ack="S0NOC,S0NOBODY")
    assert (found.status, found.finding) == (
        "warning",
        "permissions.ack: user group S0NOBODY is empty: nobody may by it",
    )


def test_nothing_is_posted(look, stand_in):
    look(silences__channels="C0SILENCE1")
    assert not any(stand_in.workspace.messages.values())
