"""The corpus: what devices send, and what FANNEL makes of it.

A case is a folder `tests/corpus/<os>/<kind>/<case>/` with what a device sent (a datagram in `trap.hex`, or a line in
`syslog.txt`) and what is expected of it (`event.json`). A new case needs no code: add the folder with what was sent,
run this file, and read the JSON it prints.
"""

import json
from functools import cache

import pytest
from kinds_corpus import CASES, CORPUS, KINDS, heard, judged, named

from fannel.kinds.syslog import text_of


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.relative_to(CORPUS)))
def test_what_was_sent_is_understood_as_its_case_says(case):
    found = judged(case)
    wanted_file = case / "event.json"
    wanted = json.loads(wanted_file.read_text(encoding="utf-8")) if wanted_file.exists() else None
    printed = json.dumps(found, indent=2, ensure_ascii=False)
    assert wanted == found, f"{wanted_file} should say, if this is right:\n{printed}"
    assert found["kind"] == case.parent.name, "the case lies in the folder of another kind"


@pytest.mark.parametrize("system", ["ios", "iosxr", "nxos", "eos", "junos", "frr"])
@pytest.mark.parametrize("kind", ["interface_down", "interface_up"])
def test_every_system_has_a_case_of_a_link_going_down_and_up(system, kind):
    assert list((CORPUS / system / kind).glob("*/trap.hex"))


def test_every_trap_entry_has_a_case():
    entries = {id(entry): entry for entries in KINDS.compiled.traps.values() for entry in entries}
    tested = {id(entry_of(case)) for case in CASES if (case / "trap.hex").exists()}
    missing = [expected(entry.kind, entry.subject.type) for key, entry in entries.items() if key not in tested]
    assert not missing, no_case_for(missing)


def test_every_syslog_entry_and_each_of_its_patterns_has_a_case():
    untested = {}
    for os, entry in KINDS.compiled.syslog:
        texts = texts_of(os)
        for pattern in entry.patterns:
            if all(pattern.search(text) is None for kind, text in texts if kind == entry.kind.name):
                untested[entry.kind.name, pattern.text] = (
                    f"{os}: {pattern.text}\n{expected(entry.kind, entry.subject_type)}"
                )
        if not entry.patterns and entry.kind.name not in {kind for kind, _ in texts}:
            untested[entry.kind.name, os] = f"{os}\n{expected(entry.kind, entry.subject_type)}"
    assert not untested, no_case_for(untested.values())


def test_every_case_folder_holds_what_was_sent_and_what_is_expected():
    both = ({"event.json", "trap.hex"}, {"event.json", "syslog.txt"})
    half = [
        case.parent
        for case in CORPUS.glob("*/*/*/event.json")
        if {path.name for path in case.parent.iterdir()} not in both
    ]
    assert half == []


def entry_of(case):
    """The entry that a trap's case is judged by; None if none applies."""
    notification = named(case)
    varbinds = {varbind.name: varbind for varbind in reversed(notification.varbinds)}
    entries = KINDS.compiled.traps.get(notification.oid, ())
    return next((entry for entry in entries if entry.applies(varbinds, case.parts[-3])), None)


@cache
def texts_of(os):
    """The kind and text of every line of this OS in the corpus."""
    family = {"iosxe": "ios", "ce": "vrp"}.get(os, os)
    lines = [case for case in CASES if case.parts[-3] == family and (case / "syslog.txt").exists()]
    return [(case.parent.name, text_of(heard(case))) for case in lines]


def no_case_for(expected_ones):
    return "no case in tests/corpus/<os>/<kind>/ for:\n" + "\n".join(expected_ones)


def expected(kind, subject_type):
    """The event.json that a case of this kind would have, but for what is in the message."""
    said = {
        "kind": kind.name,
        "problem": kind.problem,
        "phase": kind.phase,
        "severity": kind.severity,
        "subject": {"type": subject_type, "name": "…"},
    }
    return json.dumps(said, ensure_ascii=False)
