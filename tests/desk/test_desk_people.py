"""Who somebody is in Slack."""

from zoneinfo import ZoneInfo

import pytest

from fannel.desk.people import REMEMBERED_S, People
from fannel.lab.slack.faults import Fault
from fannel.lab.slack.workspace import OPERATOR
from fannel.slack.errors import SlackError

SITE = ZoneInfo("Europe/Berlin")


@pytest.fixture
def people(client, clock):
    return People(client, SITE, clock)


@pytest.fixture
def person(slack):
    """Somebody of whom a test says what Slack knows."""

    def known(**facts):
        slack.workspace.users["U0KEI"] = {"id": "U0KEI", "name": "kei", **facts}
        return "U0KEI"

    yield known
    slack.workspace.users.pop("U0KEI", None)


def asked(slack):
    return [arguments["user"] for method, arguments in slack.workspace.calls if method == "users.info"]


def test_a_person_has_the_name_and_the_zone_that_slack_tells(people):
    who = people.who(OPERATOR)
    assert (who.name, who.author, who.zone) == ("On Call", "slack:On Call", ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"profile": {"display_name": "Kei", "real_name": "Kei Tanaka"}, "real_name": "K. T."}, "Kei"),
        ({"profile": {"display_name": "", "real_name": "Kei Tanaka"}}, "Kei Tanaka"),
        ({"profile": {"display_name": "  "}, "real_name": "Kei T."}, "Kei T."),
        ({"profile": "none"}, "kei"),
        ({"profile": {"display_name": "kei@example.net"}}, "kei"),
        ({"profile": {"display_name": "kei @ NOC"}}, "kei @ NOC"),
        ({"profile": {"display_name": "a\nb\u202ec\x1b[31m"}}, "a b\ufffdc"),
    ],
)
def test_the_name_is_the_one_shown_in_slack_and_never_a_mail_address(people, person, facts, name):
    assert people.who(person(**facts)).name == name


def test_a_name_is_bounded(people, person):
    assert len(people.who(person(real_name="x" * 5000)).name) == 60


@pytest.mark.parametrize("facts", [{}, {"tz": None}, {"tz": "Mars/Olympus"}, {"tz": "../../etc/passwd"}, {"tz": 9}])
def test_who_has_no_zone_that_we_know_has_the_site_s(people, person, facts):
    assert people.who(person(**facts)).zone == SITE


def test_slack_is_asked_once_a_day(people, slack, clock):
    people.who(OPERATOR)
    clock.forward(REMEMBERED_S - 1)
    people.who(OPERATOR)
    assert asked(slack) == [OPERATOR]
    clock.forward(2)
    people.who(OPERATOR)
    assert asked(slack) == [OPERATOR, OPERATOR]


def test_while_slack_is_away_a_stranger_is_asked_about_later_and_a_known_person_stays_known(people, slack, clock):
    slack.faults.add(Fault("http_before", "users.info", times=9, status=503))
    with pytest.raises(SlackError):
        people.who(OPERATOR)
    slack.faults.clear()
    people.who(OPERATOR)
    clock.forward(REMEMBERED_S + 1)
    slack.faults.add(Fault("ratelimited", "users.info", times=9, retry_after_s=30))
    assert people.who(OPERATOR).name == "On Call"


def test_what_slack_does_not_tell_keeps_nobody_from_asking(people, slack):
    slack.faults.add(Fault("error", "users.info", error="missing_scope"))
    who = people.who(OPERATOR)
    assert (who.name, who.zone) == (OPERATOR, SITE)


def test_a_bot_is_called_a_bot(people, slack):
    assert people.who("", "B0FORM").name == "bot B0FORM"
    assert asked(slack) == []
