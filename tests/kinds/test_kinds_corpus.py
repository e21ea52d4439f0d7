"""The corpus: what devices send, and what FANNEL makes of it.

A case is a folder `tests/corpus/<os>/<kind>/<case>/` with the datagram (`trap.hex`) and what is expected of it
(`event.json`). A new case needs no code: add the folder with `trap.hex`, run this file, and read the JSON it prints.
"""

import dataclasses
import json
from pathlib import Path

import pytest

from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue
from fannel.wire.snmp import decode

CORPUS = Path(__file__).parent.parent / "corpus"
CATALOGUE, KINDS = Catalogue.load(), Kinds.load()
CASES = sorted(path.parent for path in CORPUS.glob("*/*/*/trap.hex"))


def judged_as(datagram: bytes) -> dict:
    notification = CATALOGUE.name(decode(datagram))
    classification = KINDS.classify(notification)
    subject = dataclasses.asdict(classification.subject)
    return {
        "notification": notification.name,
        "kind": classification.kind,
        "problem": classification.problem,
        "phase": classification.phase,
        "severity": classification.severity,
        "subject": {fact: value for fact, value in subject.items() if value is not None},
        "varbinds": notification.values(),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.relative_to(CORPUS)))
def test_a_datagram_is_understood_as_its_case_says(case):
    found = judged_as(bytes.fromhex((case / "trap.hex").read_text()))
    wanted_file = case / "event.json"
    wanted = json.loads(wanted_file.read_text(encoding="utf-8")) if wanted_file.exists() else None
    printed = json.dumps(found, indent=2, ensure_ascii=False)
    assert wanted == found, f"{wanted_file} should say, if this is right:\n{printed}"
    assert found["kind"] == case.parent.name, "the case lies in the folder of another kind"


@pytest.mark.parametrize("system", ["ios", "iosxr", "nxos", "eos", "junos", "frr"])
@pytest.mark.parametrize("kind", ["interface_down", "interface_up"])
def test_every_system_has_a_case_of_a_link_going_down_and_up(system, kind):
    assert list((CORPUS / system / kind).glob("*/trap.hex"))


def test_every_kind_in_the_catalogue_has_a_case():
    kinds = {entry.kind for entries in KINDS._entries.values() for entry in entries}
    assert kinds - {case.parent.name for case in CASES} == set()


def test_every_case_folder_holds_both_files():
    half = [case for case in CORPUS.glob("*/*/*/event.json") if not (case.parent / "trap.hex").exists()]
    assert half == []
