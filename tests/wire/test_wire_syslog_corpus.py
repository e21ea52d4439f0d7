"""Lines as devices send them: tests/corpus/syslog/<os>/<case>.txt beside the JSON they must become.

A line without JSON fails and prints the JSON it would get: read it, and save it only if it is true.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from fannel.wire.syslog import parse

CORPUS = Path(__file__).parents[1] / "corpus" / "syslog"
LINES = sorted(CORPUS.rglob("*.txt"))
JST = timezone(timedelta(hours=9))
RECEIVED_AT = datetime(2026, 11, 14, 8, 31, tzinfo=JST)

assert LINES, f"no corpus under {CORPUS}"


def _name(path: Path) -> str:
    return path.relative_to(CORPUS).with_suffix("").as_posix()


@pytest.mark.parametrize("path", LINES, ids=_name)
def test_a_line_of_the_corpus_becomes_the_json_beside_it(path):
    message = parse(path.read_bytes(), received_at=RECEIVED_AT, zone=JST).to_json()
    expected = path.with_suffix(".json")
    shown = json.dumps(message, indent=2, ensure_ascii=False, sort_keys=True)
    assert expected.exists(), f"{expected.name} is missing; this line would become\n{shown}"
    assert message == json.loads(expected.read_text(encoding="utf-8")), f"this line became\n{shown}"


def test_every_json_of_the_corpus_belongs_to_a_line():
    orphans = [path for path in CORPUS.rglob("*.json") if not path.with_suffix(".txt").exists()]
    assert orphans == []


def test_every_operating_system_has_its_lines():
    assert {path.parent.name for path in LINES} >= {"ios", "iosxr", "nxos", "eos", "junos", "frr", "huawei"}
