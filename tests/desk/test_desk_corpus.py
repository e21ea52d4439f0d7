"""Every sentence of the corpus of requests, said in the channel: answered once, and done as the corpus says."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from desking import KEI, SILENCES, device, keep_hosts
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fannel.slack.inbound.heard import Message

CORPUS = Path(__file__).parents[1] / "corpus" / "silences"
TOKYO = ZoneInfo("Asia/Tokyo")


def read(name):
    return yaml.safe_load((CORPUS / f"{name}.yml").read_text(encoding="utf-8"))


@pytest.fixture
def corpus_chat(chat, tmp_path):
    made = chat(silences__broad_hosts="9999", silences__broad_hours="8000")
    hosts = [
        device(one["name"], number, one.get("site"), one.get("role")) for number, one in enumerate(read("hosts"), 1)
    ]
    keep_hosts(tmp_path / "directory.json", hosts)
    return made


def hear(chat, text):
    """Say it, and have the desk deal with it; the answer waits."""
    ts = chat.say(text, hear=False)
    chat.desk.said(Message(SILENCES, ts, KEI, text))
    return ts


def through(chat):
    """Deliver all that waits."""
    while chat.outbox.deliver().waiting:
        chat.clock.forward(5)


@pytest.mark.parametrize("name", ["english", "japanese", "hostile", "refused"])
def test_a_sentence_is_answered_once_and_done_exactly(corpus_chat, store, clock, name):
    chat, began, said, newest = corpus_chat, clock.now, [], 0
    for case in read(name):
        ts = hear(chat, case["text"])
        said.append((case, ts, [one for one in store.silences.listed(9) if one.id > newest]))
        newest += len(said[-1][2])
    assert clock.now == began
    through(chat)
    for case, ts, new in said:
        answers = chat.thread(ts)
        assert len(answers) == 1, case
        silences = case.get("action", "silence") == "silence" and "refused" not in case and "ends" in case
        assert len(new) == silences, case
        if silences:
            assert f"{new[0].ends_at.astimezone(TOKYO):%Y-%m-%d %H:%M}" == case["ends"], case
            assert f"{case['ends']} JST" in answers[0], case
        if "refused" in case:
            assert chat.emoji(ts) == ["x"], case


def test_talk_is_not_answered(corpus_chat, store):
    chat = corpus_chat
    said = [hear(chat, case if isinstance(case, str) else case["text"]) for case in read("talk")]
    through(chat)
    assert [ts for ts in said if chat.thread(ts)] == []


WORDS = [
    "silence",
    "静観",
    "rt-tyo-01",
    "2h",
    "18:00まで",
    "resume",
    "#1",
    "extend",
    "status",
    "\n",
    "<!here>",
    "<@U1>",
    "`",
    "&",
]


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=12).map(" ".join))
def test_nothing_anybody_types_is_too_much_for_it(corpus_chat, text):
    hear(corpus_chat, text)
    through(corpus_chat)
