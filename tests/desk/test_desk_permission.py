"""Who may do what, where."""

import pytest

from fannel.desk.permission import REMEMBERED_S, Permission
from fannel.lab.slack.faults import Fault
from fannel.slack.words import words_of

EN = words_of("en")
ALERTS, SILENCES, LOBBY = "C0ALERTS01", "C0SILENCE1", "C0LOBBY001"


@pytest.fixture
def permission(settings, client, clock):
    return lambda **variables: Permission(settings(**variables), client, clock)


@pytest.fixture
def members(slack):
    """The people of user group S0NOC, while a test lasts."""
    slack.workspace.groups["S0NOC"] = {"id": "S0NOC", "users": ["U0KEI"]}
    yield slack.workspace.groups["S0NOC"]["users"]
    slack.workspace.groups.clear()


@pytest.mark.parametrize("action", ["silence", "resume", "extend", "ack", "recheck", "confirm"])
def test_where_nobody_is_named_everybody_may_in_the_channels_of_silences_and_alerts(permission, action):
    rules = permission(silences__channels=SILENCES, slack__escalate_to="C0BOSS0001")
    for channel in (ALERTS, SILENCES, "C0BOSS0001"):
        assert rules.why_not(action, "U0KEI", channel, EN) is None
    assert rules.why_not(action, "U0KEI", LOBBY, EN) == f"not in this channel: ask in <#{SILENCES}>"


def test_without_a_channel_of_their_own_silences_are_asked_for_where_alerts_are(permission):
    assert permission().silence_channels == (ALERTS,)
    assert permission(silences__channels=SILENCES).silence_channels == (SILENCES,)


def test_who_is_named_may_everywhere_and_nobody_else_may(permission):
    rules = permission(permissions__silence="U0KEI,U0RIN")
    assert rules.why_not("silence", "U0KEI", LOBBY, EN) is None
    refused = rules.why_not("silence", "U0BOB", ALERTS, EN)
    assert refused == "that is for others here: `permissions.silence` names who may"
    assert rules.why_not("resume", "U0BOB", ALERTS, EN) is None


def test_who_may_confirm_is_named_by_itself_or_is_who_may_silence(permission):
    assert permission(permissions__silence="U0KEI").why_not("confirm", "U0BOB", ALERTS, EN)
    rules = permission(permissions__silence="U0KEI", permissions__confirm="U0BOB")
    assert rules.why_not("confirm", "U0BOB", ALERTS, EN) is None
    assert rules.why_not("confirm", "U0KEI", ALERTS, EN)


def test_members_of_a_user_group_may_and_are_asked_for_every_few_minutes(permission, members, slack, clock):
    rules = permission(permissions__silence="S0NOC")
    assert rules.why_not("silence", "U0KEI", ALERTS, EN) is None
    assert rules.why_not("silence", "U0RIN", ALERTS, EN)
    members[:] = ["U0RIN"]
    assert rules.why_not("silence", "U0RIN", ALERTS, EN)
    assert [method for method, _ in slack.workspace.calls] == ["usergroups.users.list"]
    clock.forward(REMEMBERED_S + 1)
    assert rules.why_not("silence", "U0RIN", ALERTS, EN) is None
    assert rules.why_not("silence", "U0KEI", ALERTS, EN)


def test_where_slack_does_not_tell_who_is_in_a_group_nobody_may(permission, members, slack):
    slack.faults.add(Fault("error", "usergroups.users.list", error="missing_scope"))
    rules = permission(permissions__silence="S0NOC")
    refused = rules.why_not("silence", "U0KEI", ALERTS, EN)
    assert refused == "Slack does not tell who is in the user group S0NOC (missing_scope)"
    assert rules.why_not("silence", "U0KEI", ALERTS, EN) is None, "a refusal is not remembered"


def test_a_bot_may_ask_only_where_it_is_named(permission):
    assert permission(permissions__bots="B0FORM").bot_may("B0FORM")
    assert not permission().bot_may("B0FORM")


def test_a_bot_that_may_ask_need_not_be_named_once_more(permission):
    rules = permission(permissions__silence="U0KEI", permissions__bots="B0FORM")
    assert rules.why_not("silence", "U0FORM", ALERTS, EN, bot=True) is None
    assert rules.why_not("silence", "U0FORM", LOBBY, EN, bot=True)


@pytest.mark.parametrize(
    ("key", "value"),
    [("permissions__silence", "@noc"), ("permissions__bots", "U0KEI"), ("silences__channels", "#silences")],
)
def test_a_name_where_an_id_is_meant_ends_the_start(settings, key, value):
    with pytest.raises(ValueError, match=key.upper()):
        settings(**{key: value})
