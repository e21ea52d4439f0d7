"""`fannel bench receive` end to end, tiny: the real receiver, real senders, every count the same."""

import json
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    options = ["--only", "burst,informs", "--burst", "2000", "--seconds", "1", "--senders", "8", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "fannel", "bench", "receive", *options, "--folder", str(folder)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    found["left behind"] = list(folder.iterdir())
    return found


def figure(bench, words):
    (found,) = [figure for figure in bench["figures"] if words in figure["what"]]
    return found


def test_every_place_counts_the_burst_alike(bench):
    lost = figure(bench, "lost of 2,000")
    assert (lost["measured"], lost["verdict"]) == (0, "met"), lost
    assert lost["facts"]["counters"]["received"] == lost["facts"]["counters"]["spooled"] == 2000
    assert lost["facts"]["in_spool"] == 2000
    assert set(lost["facts"]["kernel_dropped"].values()) == {0}


def test_the_burst_is_on_disk_after_its_last(bench):
    assert 0 < figure(bench, "on disk")["measured"] < 60


def test_every_answered_inform_was_answered_right_and_is_in_the_spool(bench):
    assert figure(bench, "wrong answers")["measured"] == 0
    facts = figure(bench, "answered after fsync")["facts"]
    assert 8 <= facts["answered"] <= facts["in_spool"]
    assert facts["counters"]["acknowledged"] >= facts["answered"]


def test_the_time_of_an_answer_is_measured(bench):
    facts = figure(bench, "answered after fsync")["facts"]
    assert 0 < facts["p50_ms"] <= facts["p99_ms"] == figure(bench, "p99")["measured"]


def test_nothing_is_left_behind(bench):
    assert bench["left behind"] == []
