"""Chat as events for the rules: valid, harmless, and never something that anybody waits for."""

import io
import json
import os
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from listening_desk import WAIT_S, until

from fannel.event import Event, schema
from fannel.intake.counters import Counters
from fannel.listener.chat import Named, chat_event
from fannel.listener.telling import Telling
from fannel.slack.errors import Unreachable
from fannel.slack.inbound.heard import Click, Command, Message

NOW = datetime(2026, 11, 26, 4, 30, tzinfo=UTC)
VALID = Draft202012Validator(schema())
TS = "1795330807.000200"
TEXT = st.text(max_size=50) | st.sampled_from(
    ["{{ lookup('pipe','id') }}", "{%", "<!channel>", "#jinja2: a:'['", "\x1b[2J"]
)


def message(text="hello"):
    return Message("C0ALERTS01", TS, "U0OPERATOR", text)


@given(TEXT, TEXT)
def test_whatever_is_written_makes_a_valid_and_harmless_event(text, name):
    for heard in (
        message(text),
        Click("U0OPERATOR", "C0ALERTS01", TS, "fannel.ack", text, TS, "https://hooks.slack.com/1"),
        Command("U0OPERATOR", "C0ALERTS01", text, "https://hooks.slack.com/2"),
    ):
        event = chat_event(heard, NOW, Named(name, name))
        queued = event.to_queue()
        VALID.validate(queued)
        assert "{" not in json.dumps(queued["slack"], ensure_ascii=False)[1:]
        assert Event.from_json(event.to_json()) == event


def test_a_long_text_is_cut_and_no_response_url_is_told():
    assert len(chat_event(message("x" * 5000), NOW, Named()).to_queue()["slack"]["text"]) <= 1000
    command = Command("U0OPERATOR", "C0ALERTS01", "list", "https://hooks.slack.com/2")
    assert "hooks.slack.com" not in chat_event(command, NOW, Named()).to_line()


def told(pipe):
    return [json.loads(line) for line in pipe.getvalue().splitlines()]


@pytest.fixture
def run():
    """Runs a Telling while the test lasts."""
    started = []

    def start(telling):
        thread = threading.Thread(target=telling.run)
        thread.start()
        started.append((telling, thread))

    yield start
    for telling, thread in started:
        telling.stop()
        thread.join(WAIT_S)
        assert not thread.is_alive()


def test_when_slack_does_not_tell_the_names_the_event_goes_without(run):
    def unknown(_):
        raise Unreachable("unreachable")

    pipe, counters = io.BytesIO(), Counters()
    telling = Telling(pipe, unknown, counters)
    run(telling)
    telling.tell(message(), NOW)
    until(lambda: counters.get("chat_told") == 1)
    assert "user_name" not in told(pipe)[0]["slack"]


def test_while_nobody_reads_the_oldest_is_left_out_and_nobody_waits(run):
    counters = Counters()
    reading, writing = os.pipe()
    # More than a pipe holds: whoever writes waits.
    big = message("x" * 1000)
    with os.fdopen(writing, "wb") as pipe, os.fdopen(reading, "rb") as rules:
        telling = Telling(pipe, lambda _: Named(), counters, most=5)
        run(telling)
        for _ in range(500):
            telling.tell(big, NOW)
        telling.tell(message("the last"), NOW)
        assert counters.get("chat_untold") > 0
        while json.loads(rules.readline())["slack"]["text"] != "the last":
            pass
        until(lambda: counters.get("chat_told") + counters.get("chat_untold") == 501)
        telling.stop()


def test_what_breaks_it_costs_one_event(run):
    names = iter([KeyError("a defect"), Named()])

    def name_of(_):
        found = next(names)
        if isinstance(found, Exception):
            raise found
        return found

    pipe, counters = io.BytesIO(), Counters()
    telling = Telling(pipe, name_of, counters)
    run(telling)
    telling.tell(message("first"), NOW)
    telling.tell(message("second"), NOW)
    until(lambda: counters.get("chat_told") == 1)
    assert [event["slack"]["text"] for event in told(pipe)] == ["second"]
    assert counters.get("defects", "telling") == 1
