"""`fannel listen` as a service of its own, with the real desk, at the Slack stand-in."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from listening_desk import CHANNEL, WAIT_S, until
from pages import free_tcp_port

from fannel.lab.slack import APP_TOKEN, BOT_TOKEN, SlackStandIn, running


@pytest.fixture
def slack():
    stand_in = SlackStandIn(rate_limits=False, ack_within_s=WAIT_S)
    with running(stand_in):
        yield stand_in


@pytest.fixture
def listen(slack, tmp_path):
    """Starts it; `more` are variables, None for one to leave out."""
    started = []

    def start(**more):
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FANNEL_", "SLACK_", "PAGODA_")) and "PROXY" not in name.upper()
        }
        told = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "FANNEL_SLACK__API_URL": slack.api_url,
            "FANNEL_SLACK__CHANNEL": CHANNEL,
            "FANNEL_DATABASE__URL": f"sqlite:///{tmp_path}/fannel.sqlite3",
        }
        env = inherited | {name: value for name, value in (told | more).items() if value is not None}
        log = (tmp_path / "log").open("w")
        one = subprocess.Popen([sys.executable, "-m", "fannel", "listen"], env=env, cwd=tmp_path, stderr=log)
        log.close()
        started.append(one)
        return one

    yield start
    for one in started:
        one.kill()
        one.wait(WAIT_S)


def page(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def test_a_command_is_answered_and_the_pages_say_how_it_is(slack, listen):
    port = free_tcp_port()
    process = listen(FANNEL_HEALTH__LISTENER=f"127.0.0.1:{port}")
    until(lambda: slack.sockets.connections == 1)
    slack.people.slash(CHANNEL, "help")
    until(lambda: slack.people.answers)
    assert slack.people.answers[0]["user"] == "U0OPERATOR"
    until(lambda: page(port, "/readyz")[0] == 200)
    assert "slack socket: connected" in page(port, "/readyz")[1]
    assert page(port, "/livez")[0] == 200
    until(lambda: 'fannel_slack_handled_total{reason="command"} 1.0' in page(port, "/metrics")[1])
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_S) == 0
    until(lambda: slack.sockets.connections == 0)


@pytest.mark.parametrize("missing", ["SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"])
def test_without_a_token_it_ends_in_one_line(listen, tmp_path, missing):
    assert listen(**{missing: None}).wait(WAIT_S) == 2
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert f"slack.{missing.removeprefix('SLACK_').lower()}: missing" in line


def test_a_token_that_slack_refuses_is_said_and_never_shown(slack, listen, tmp_path):
    port = free_tcp_port()
    listen(SLACK_APP_TOKEN="xapp-wrong-one", FANNEL_HEALTH__LISTENER=f"127.0.0.1:{port}")
    until(lambda: "invalid_auth" in (tmp_path / "log").read_text())
    until(lambda: "set SLACK_APP_TOKEN" in page(port, "/readyz")[1])
    assert "xapp-wrong-one" not in (tmp_path / "log").read_text() + page(port, "/readyz")[1]
