"""The catalogues: complete, with the same holes, and FANNEL's own reasons told in the reader's language."""

import re
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from string import Formatter

import pytest
import slack_cases
import yaml
from events import NOW, event

from fannel import config, respond
from fannel.checks.errors import NoCheckError
from fannel.checks.unseen import unseen
from fannel.incidents import lease
from fannel.intake.admission import refuse_source
from fannel.intake.datagram import Datagram
from fannel.login import Turns
from fannel.slack import layout
from fannel.slack.layout.losses import ways
from fannel.slack.words import LANGUAGES, words_of
from fannel.slack.words.counted import Counted
from fannel.slack.words.english import ENGLISH
from fannel.slack.words.japanese import JAPANESE

JAPANESE_TEXT = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def texts(of, where=""):
    """Every text of a catalogue by its place."""
    if isinstance(of, str):
        yield where, of
    elif isinstance(of, Counted):
        yield f"{where}.one", of.one
        yield f"{where}.many", of.many
    elif hasattr(of, "_fields"):
        for name in of._fields:
            if name not in ("problems", "sentences", "units", "by_notification"):
                yield from texts(getattr(of, name), f"{where}.{name}")
    elif isinstance(of, tuple):
        for number, text in enumerate(of):
            yield from texts(text, f"{where}[{number}]")
    elif isinstance(of, dict):
        for key, value in of.items():
            yield from texts(value, f"{where}[{key}]")


def holes(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_a_language_has_every_text_with_the_same_holes(language):
    english, other = dict(texts(ENGLISH)), dict(texts(words_of(language)))
    assert set(other) == set(english)
    assert {place: holes(text) for place, text in other.items()} == {
        place: holes(text) for place, text in english.items()
    }
    assert all(other.values())


def test_no_text_was_left_in_english():
    # Names of what is the same in both languages.
    same = {place for place, text in texts(JAPANESE) if text == dict(texts(ENGLISH))[place]}
    assert same == set()


@pytest.mark.parametrize("pair", JAPANESE.sentences.pairs, ids=lambda pair: pair[0])
def test_a_sentence_keeps_what_stands_in_its_holes(pair):
    english, said = pair
    assert holes(english) == holes(said)
    filled = english.format(**{name: f"<{name}>" for name in holes(english)})
    told = JAPANESE.said(filled)
    assert told == said.format(**{name: f"<{name}>" for name in holes(english)})
    assert JAPANESE_TEXT.search(told)


def test_a_reason_of_somebody_else_is_told_as_it_is():
    assert JAPANESE.said("the PSU smells of smoke {0} {x}") == "the PSU smells of smoke {0} {x}"
    assert JAPANESE.said("waited " + "x" * 10_000) == "waited " + "x" * 10_000


def test_english_is_told_as_it_is():
    assert ENGLISH.said("it was raised again meanwhile") == "it was raised again meanwhile"


# --- what FANNEL really says ----------------------------------------------------------------------------------------


def in_japanese(reason):
    told = JAPANESE.said(reason)
    return told != reason and JAPANESE_TEXT.search(told) is not None


def test_why_nobody_looked_is_told_in_japanese():
    plain = event().to_queue()
    host = plain["host"]
    for changed in (
        {"known": False},
        {"ambiguous": ["rt-a", "rt-b"]},
        {"os": ""},
        {},
    ):
        assert in_japanese(unseen({**plain, "host": {**host, **changed}}).reason), changed


def turns(store, wait_s, sleep=lambda _: None):
    ticks = iter(range(0, 1000, 4))
    policy = config.load({}, cwd=Path("/nonexistent")).leases.model_copy(update={"wait_s": wait_s})
    return Turns(store.leases, policy, UTC, now=lambda: NOW, clock=lambda: next(ticks), sleep=sleep)


def test_a_check_that_gave_up_and_one_that_waited_are_told_in_japanese(store):
    asked = event().to_queue()
    other = store.leases.acquire(lease.login(asked["host"]["name"]), "incident A-1 on noc-02, process 4711", 60, NOW)
    gave_up = turns(store, 4).take(asked, lambda: None)
    assert in_japanese(gave_up.waited)
    assert "インシデント A-1" in JAPANESE.said(gave_up.waited)
    waited = turns(store, 40, lambda _: store.leases.release(other)).take(asked, lambda: None)
    assert waited.lease is not None
    assert in_japanese(waited.waited)


@pytest.mark.parametrize("where", ["far_end", "part_of", "same_interface", "neighbor_device", "same_device"])
def test_what_follows_from_what_is_told_in_japanese(where):
    shipped = yaml.safe_load((Path(respond.__file__).parent / "incidents" / "consequences.yml").read_text())
    told = [rule["why"].replace("{cause}", "Gi0/1") for rule in shipped["consequences"] if rule["where"] == where]
    assert any(in_japanese(why) for why in told), told


def test_a_fault_that_a_restart_explains_and_that_outlives_it_says_so(store):
    restart = event(phase="info")
    down = event(at=NOW + timedelta(seconds=42))
    *_, recorded = store.record([(restart, b""), (down, b"")])
    store.due(NOW + timedelta(minutes=10))
    aside = store.aside(recorded.incident["id"], NOW)
    assert in_japanese(aside.outlived)


def test_a_missing_check_is_told_in_japanese():
    assert in_japanese(str(NoCheckError("bfd_session_down", "nxos")))


def test_a_sender_that_is_not_allowed_is_told_why_in_japanese():
    trap = config.load({"FANNEL_TRAP__ALLOWED_SOURCES": "192.0.2.0/24"}, cwd=Path("/nonexistent")).trap
    refused = refuse_source(Datagram(b"", "198.51.100.7", 4711, NOW), trap)
    assert in_japanese(refused.detail)


def test_every_loss_has_words_in_every_language():
    counted = dict.fromkeys(ENGLISH.losses.ways, 1)
    for words in map(words_of, LANGUAGES):
        assert set(words.losses.remedies) == set(counted)
        assert all("1" in way for way in ways(counted, words.losses))


# --- problems ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "english", "japanese"),
    [
        ("interface_down", "interface down", "リンクダウン"),
        ("bgp_neighbor_down", "BGP neighbor down", "BGPネイバーダウン"),
        ("fan_failure", "fan failure", "ファン故障"),
        ("flux_capacitor_down", "flux capacitor down", "flux capacitorダウン"),
        ("", "", ""),
    ],
)
def test_a_problem_has_a_name_in_every_language(problem, english, japanese):
    assert (ENGLISH.problem(problem), JAPANESE.problem(problem)) == (english, japanese)


def test_what_has_no_japanese_name_is_called_as_the_device_calls_it():
    strange = replace(slack_cases.NEW, problem="flux_capacitor_down", notification="X-MIB::fluxLost")
    assert "fluxLost" in layout.parent(strange, "k", slack_cases.JAPANESE).payload["text"]
