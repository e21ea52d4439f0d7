"""Silence requests: the corpus of what people write, and what no text can do to the grammar."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fannel.slack.grammar import Known, Limits, Refusal, Request, Target, parse, vocabulary
from fannel.slack.grammar.known import Named, names_of
from fannel.slack.grammar.plain import plain_lines
from fannel.slack.grammar.sentences import SENTENCES

CORPUS = Path(__file__).parents[1] / "corpus" / "silences"
TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 22, 16, 0, tzinfo=TOKYO)  # a Sunday


def read(name):
    return yaml.safe_load((CORPUS / f"{name}.yml").read_text(encoding="utf-8"))


KNOWN = Known(names_of(read("hosts")))
CASES = [case for name in ("english", "japanese", "refused", "hostile") for case in read(name)]
REQUESTS = [case for case in CASES if "refused" not in case]
REFUSED = [case for case in CASES if "refused" in case]
TALK = read("talk")


def understood(text, *, now=NOW, zone=TOKYO, **more):
    (outcome,) = parse(text, KNOWN, now=now, zone=zone, **more)
    return outcome


def shown(moment, zone=TOKYO):
    return moment and f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def test_the_corpus_is_as_large_as_it_was():
    assert len(CASES) + len(TALK) >= 250


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case["text"])
def test_a_request_is_understood_exactly(case):
    outcome = understood(case["text"])
    assert isinstance(outcome, Request), outcome
    assert outcome.action == case.get("action", "silence")
    assert [str(target) for target in outcome.targets] == case.get("targets", [])
    assert list(outcome.ids) == case.get("ids", [])
    assert shown(outcome.ends_at) == case.get("ends")
    if outcome.action == "silence":
        assert shown(outcome.starts_at) == case.get("starts", shown(NOW))
    assert outcome.reason == case.get("reason", "")
    assert (outcome.by and outcome.by.total_seconds()) == case.get("by_s")
    if "hosts" in case:
        assert list(outcome.hosts) == case["hosts"]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["text"])
def test_what_is_not_understood_whole_is_refused_with_the_reason(case):
    outcome = understood(case["text"])
    assert isinstance(outcome, Refusal), outcome
    assert outcome.code == case["refused"]
    assert outcome.why
    if "closest" in case:
        assert outcome.closest == case["closest"]


@pytest.mark.parametrize("text", TALK)
def test_ordinary_talk_has_no_answer(text):
    assert parse(text, KNOWN, now=NOW, zone=TOKYO) == ()


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["text"])
def test_the_closest_form_of_a_refusal_is_a_valid_one(case):
    closest = understood(case["text"]).closest.replace("HOST", "rt-tyo-01")
    assert isinstance(understood(closest), Request), closest


@pytest.mark.parametrize("case", [case for case in REQUESTS if case.get("targets")], ids=lambda case: case["text"])
def test_a_target_as_it_is_told_is_understood_as_the_same(case):
    for target in understood(case["text"]).targets:
        named = str(target) if target.host != "192.0.2.77" else f"host {target}"
        assert understood(f"silence {named} 2h").targets == (target,)


def test_every_code_that_a_case_is_refused_with_has_its_sentence_in_both_languages():
    assert {case["refused"] for case in REFUSED} <= SENTENCES.keys()
    assert all(english and japanese and english != japanese for english, japanese in SENTENCES.values())


def test_a_refusal_answers_in_the_language_of_the_line():
    assert understood("silence rt-tyo-01").why == "no end is named"
    assert understood("rt-tyo-01 静観お願いします").why == "終了時刻の指定がありません"


class TestInTheThreadOfAnAlert:
    ABOUT = Target(host="rt-osa-01", interface="Gi0/3")

    def test_the_thread_names_the_target(self):
        request = understood("2時間静観", about=self.ABOUT)
        assert request.targets == (self.ABOUT,)
        assert request.hosts == ("rt-osa-01",)

    def test_one_word_resumes(self):
        assert understood("resume", about=self.ABOUT).targets == (self.ABOUT,)

    @pytest.mark.parametrize("text", ["resume when done", "thanks, resume after the swap", "復旧したら静観解除"])
    def test_who_talks_of_resuming_and_names_nothing_resumes_nothing(self, text):
        for thread in ({"about": self.ABOUT}, {"under": (7,)}):
            assert understood(text, **thread).code == "told"

    def test_in_the_thread_of_a_silence_that_one_is_meant(self):
        assert understood("resume", under=(7, 8)).ids == (7, 8)
        assert understood("静観解除お願いします", under=(7,)).ids == (7,)
        assert understood("extend 2h", under=(7,)).ids == (7,)
        assert understood("resume #9", under=(7,)).ids == (9,)
        assert understood("resume rt-tyo-01", under=(7,)).ids == ()
        assert understood("silence 2h", under=(7,)).code == "no_target"

    def test_an_interface_is_one_of_its_host(self):
        assert understood("silence Gi0/4 2h", about=self.ABOUT).targets == (
            Target(host="rt-osa-01", interface="Gi0/4"),
        )

    def test_another_host_is_another_host(self):
        assert understood("silence rt-tyo-01 2h", about=self.ABOUT).targets == (Target(host="rt-tyo-01"),)

    def test_a_mistyped_host_is_not_taken_for_a_reason(self):
        assert understood("silence rt-tyo-99 2h", about=self.ABOUT).code == "unknown_host"


class TestClocks:
    BERLIN = ZoneInfo("Europe/Berlin")

    def test_what_began_before_midnight_is_meant_while_it_lasts(self):
        now = datetime(2026, 11, 23, 1, 0, tzinfo=TOKYO)
        request = understood("rt-tyo-01 22:00〜5:00 静観", now=now)
        assert (shown(request.starts_at), shown(request.ends_at)) == ("2026-11-22 22:00", "2026-11-23 05:00")

    def test_25_o_clock_is_of_the_day_that_is_over_until_one_at_night(self):
        now = datetime(2026, 11, 23, 0, 30, tzinfo=TOKYO)
        assert shown(understood("rt-tyo-01 25:00まで静観", now=now).ends_at) == "2026-11-23 01:00"

    def test_the_end_of_a_year_is_no_end(self):
        now = datetime(2026, 12, 31, 23, 0, tzinfo=TOKYO)
        assert shown(understood("silence rt-tyo-01 until 1/2 6:00", now=now).ends_at) == "2027-01-02 06:00"
        assert understood("silence rt-tyo-01 until 12/30 6:00", now=now).code == "in_the_past"

    def test_a_time_that_the_clocks_skip_is_refused(self):
        now = datetime(2026, 3, 28, 20, 0, tzinfo=self.BERLIN)
        assert understood("silence rt-tyo-01 until 3/29 2:30", now=now, zone=self.BERLIN).code == "no_such_time"

    def test_of_an_hour_that_comes_twice_an_end_is_the_second(self):
        now = datetime(2026, 10, 24, 20, 0, tzinfo=self.BERLIN)
        request = understood("silence rt-tyo-01 until 10/25 2:30", now=now, zone=self.BERLIN)
        assert request.ends_at.isoformat() == "2026-10-25T01:30:00+00:00"

    def test_a_duration_is_counted_in_hours_whatever_the_clocks_do(self):
        now = datetime(2026, 10, 24, 20, 0, tzinfo=self.BERLIN)
        request = understood("silence rt-tyo-01 12h", now=now, zone=self.BERLIN)
        assert request.ends_at.timestamp() - request.starts_at.timestamp() == 12 * 3600

    def test_times_are_in_the_zone_of_who_writes(self):
        assert (
            shown(understood("silence rt-tyo-01 until 18:00", zone=self.BERLIN).ends_at, self.BERLIN)
            == "2026-11-22 18:00"
        )


class TestLimits:
    def test_the_longest_silence_is_configurable(self):
        assert understood("silence rt-tyo-01 2d", limits=Limits(longest=timedelta(days=1))).code == "too_long"
        assert understood("silence rt-tyo-01 30d", limits=Limits(longest=timedelta(days=40))).ends_at

    def test_too_many_targets_are_refused(self):
        assert understood("silence rt-tyo-01, rt-tyo-02 2h", limits=Limits(targets=1)).code == "too_many"

    def test_each_line_is_a_request_of_its_own(self):
        first, second = parse("silence rt-tyo-01 2h\nhello\nsilence rt-tyo-99 2h", KNOWN, now=NOW, zone=TOKYO)
        assert isinstance(first, Request)
        assert isinstance(second, Refusal)

    def test_more_requests_than_are_read_are_said(self):
        outcomes = parse("silence rt-tyo-01 2h\n" * 60, KNOWN, now=NOW, zone=TOKYO)
        assert len(outcomes) == 21
        assert outcomes[-1].code == "too_many_lines"

    def test_what_is_not_read_of_a_message_is_said(self):
        outcomes = parse("silence rt-tyo-01 2h" + "\n\n" * 6000, KNOWN, now=NOW, zone=TOKYO)
        assert [getattr(one, "code", "understood") for one in outcomes] == ["understood", "text_too_long"]

    def test_a_line_that_is_too_long_is_refused_and_not_cut(self):
        assert understood("silence rt-tyo-01 2h " + "x " * 4000).code == "line_too_long"


LARGE = Known(
    Named(f"rt-{site}-{number:02d}.example.net", site) for number in range(100) for site in ("tyo", "osa") * 1
)
HUGE = Known(
    Named(f"{role}-{site}-{number:03d}.example.net", site, role)
    for role in ("rt", "sw")
    for site in ("tyo1", "tyo2", "osa1", "osa2", "fuk1")
    for number in range(1000)
)


def test_two_hundred_hosts_are_two_hundred_targets():
    names = [f"rt-{site}-{number:02d}" for number in range(100) for site in ("tyo", "osa")]
    (request,) = parse(f"silence {', '.join(names)} 2h power work", LARGE, now=NOW, zone=TOKYO)
    assert len(request.targets) == len(request.hosts) == 200
    assert request.reason == "power work"


WORDS = st.sampled_from(
    [word for case in CASES for word in case["text"].split()]
    + [*"[]*?:/~-,.#<>|&;\u202e\u200b\x00\ud800", "{{", "<http://a|", "&lt;", "2h", "until", "まで", "静観", "rt-tyo-*"]
)
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(WORDS, max_size=30).map(" ".join),
    st.lists(WORDS, max_size=30).map("".join),
    st.tuples(st.sampled_from([case["text"] for case in CASES]), st.text(max_size=20)).map("".join),
)


@given(text=TEXTS)
@example("silence " * 5000)
@example("静観" * 20_000)
@example("silence rt-tyo-01 " + "9" * 40_000)
@example("silence " + "[" * 3000 + " 2h")
@example("silence " + "*a" * 2500 + " 2h")
@example("silence rt-tyo-01 until 9999-99-99 99:99")
@example("silence rt-tyo-01 99999.999w 99999d until 0:00 Etc/GMT+14")
@settings(max_examples=400, deadline=None)
def test_nothing_that_can_be_typed_raises(text):
    for outcome in parse(text, KNOWN, now=NOW, zone=TOKYO):
        assert isinstance(outcome, Request | Refusal)
        if isinstance(outcome, Request) and outcome.action == "silence":
            assert outcome.targets
            assert outcome.ends_at > NOW
            assert outcome.ends_at - NOW <= timedelta(days=380)


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "silence ",
            "静観",
            "rt-tyo-01 ",
            "rt-tyo-99 ",
            "*a",
            "[",
            "9",
            "18:00-",
            "until ",
            "2h ",
            "2026-",
            ":a",
            "<http://a|",
        ),
        *("お願い", "の", "&lt;", "{{", "reason: ", "Gi0/", "1.1.1.", "rt-*-0 ", "sw-???-* ", "x-y-z-1 ", "~", "*b* "),
    ],
)
def test_time_grows_no_faster_than_the_text(unit):
    """Eight times the text may cost eight times the time, on any machine; never sixty-four times."""

    def cost(length):
        text = "silence rt-tyo1-001 2h " + unit * (length // len(unit))
        return min(_seconds(text) for _ in range(3)) + 0.001

    assert cost(4800) < 40 * cost(600)


def test_every_token_begins_with_a_character_that_is_looked_at():
    """The gate before the pattern must let through whatever an alternative may begin with."""
    begins = re.compile(f"[{vocabulary.FIRST}]", re.IGNORECASE)
    ungated = re.compile(vocabulary.TOKEN.pattern.replace(f"(?=[{vocabulary.FIRST}])", "", 1), vocabulary.TOKEN.flags)
    missed = {
        match[0]
        for case in [*CASES, *({"text": text} for text in TALK)]
        for line in plain_lines(case["text"])
        for match in ungated.finditer(line)
        if not begins.match(match[0])
    }
    assert missed == set()


def _seconds(text):
    begun = time.process_time()
    parse(text, HUGE, now=NOW, zone=TOKYO)
    return time.process_time() - begun
