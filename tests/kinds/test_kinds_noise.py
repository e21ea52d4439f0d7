"""Ordinary noise is never taken for what wakes people. `benchmarks/kinds.py --noise 1000000` tries a million lines."""

from kinds_corpus import KINDS
from noise_lines import UNKNOWN, noise, originals

LINES = 20_000


def test_no_line_of_ordinary_noise_is_taken_for_another_kind():
    wrong = {}
    for line in noise(LINES, seed=6):
        found = KINDS.classify_syslog(line.message, line.os)
        if found.kind not in line.may_be:
            wrong[found.kind] = (line.os, line.message.tag, line.message.message, sorted(line.may_be))
    assert wrong == {}


def test_the_noise_has_lines_of_no_kind_and_of_many():
    kinds = {kind for _, kind, _ in originals()}
    assert UNKNOWN in kinds
    assert len(kinds) > 50
