"""A listener at the Slack stand-in, over real HTTP and websockets, with a desk that notes what it is told.

Nothing here may hang on speed: what is waited for has WAIT_S, and what must not happen is looked for at the end.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from listening_desk import CHANNEL, WAIT_S, NotingDesk, until, well

from fannel import config
from fannel.incidents.store import Store
from fannel.lab.slack import APP_TOKEN, BOT_TOKEN, SlackStandIn, running
from fannel.lab.slack.workspace import Channel
from fannel.listener.process import Listener
from fannel.slack.inbound.listening import Patience

SCRIPT = Path(__file__).parents[1] / "support" / "listener_process.py"
QUICK = Patience(first_s=0.05, last_s=0.2, refused_s=0.1, connect_s=5.0, ping_every_s=1.0, linger_s=0.1)


@pytest.fixture
def slack(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    channels = (Channel(CHANNEL, "alerts"), Channel("C0OTHER001", "other"))
    # Acks are given as long as a machine that is busy with other things may need; tests say how long they took.
    stand_in = SlackStandIn(rate_limits=False, channels=channels, ack_within_s=WAIT_S, retries_after_s=(0.0,))
    with running(stand_in):
        yield stand_in


@pytest.fixture
def environ(slack, tmp_path):
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "FANNEL_SLACK__API_URL": slack.api_url,
        "FANNEL_SLACK__CHANNEL": CHANNEL,
        "FANNEL_DATABASE__URL": f"sqlite:///{tmp_path}/fannel.sqlite3",
    }


@pytest.fixture
def settings(environ):
    return config.load(environ, cwd=Path("/nonexistent"))


@pytest.fixture
def store(settings):
    opened = Store.open(settings.database.url)
    yield opened
    opened.close()


@pytest.fixture
def desk():
    return NotingDesk()


@pytest.fixture
def listening(settings, store, desk):
    """Runs a listener while the block lasts; connected, and through with its first look, unless told otherwise."""

    @contextlib.contextmanager
    def start(*, ready=True, desk=desk, settings=settings, **more):
        more = {"patience": QUICK, "look_every_s": 3600.0, "claim": timedelta(seconds=1)} | more
        listener = Listener(settings, store, None, desk=desk, **more)
        thread = threading.Thread(target=listener.run)
        thread.start()
        try:
            if ready:
                until(lambda: well(listener), "the connection")
            yield listener
        finally:
            listener.stop()
            thread.join(WAIT_S)
            assert not thread.is_alive()

    return start


@pytest.fixture
def process(environ, tmp_path):
    """Starts a listener that notes in `tmp_path/done` what it did."""
    started = []
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FANNEL_", "SLACK_"))}

    def start(seconds=0.01):
        one = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(tmp_path / "done"), str(seconds)],
            env=clean | environ,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
        )
        started.append(one)
        assert one.stdout.readline() == b"ready\n"
        return one

    yield start
    for one in started:
        one.kill()
        one.wait(WAIT_S)
        one.stdout.close()
