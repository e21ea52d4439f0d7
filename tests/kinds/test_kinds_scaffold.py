"""A kinds file to begin with: it loads, and what it was made from is of the new kind, about the same part."""

from __future__ import annotations

import pytest
import yaml
from kinds_corpus import CASES, CATALOGUE, KINDS, heard, named

from fannel.kinds import case as cases
from fannel.kinds import scaffold
from fannel.kinds.classify import Kinds
from fannel.kinds.scaffold import ScaffoldError, Wanted
from fannel.naming.catalogue import Catalogue
from fannel.wire import snmp
from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

# Of each operating system a line and a trap, and some more.
SOME = {(case.parts[-3], (case / "trap.hex").exists()): case for case in CASES}
BRIEF = next(case for case in CASES if case.name == "syslog_structured_brief")  # a line whose text is its data
SOME = [*SOME.values(), BRIEF, *CASES[:: len(CASES) // 12]]


def load(folder, text):
    (folder / "new.yml").write_text(text)
    return Kinds.load([folder], CATALOGUE)


@pytest.mark.parametrize("case", SOME, ids=lambda case: "/".join(case.parts[-3:]))
def test_what_it_was_made_from_is_of_the_new_kind(case, tmp_path):
    os_name = case.parts[-3]
    wanted = Wanted("thing_broken", os_name)
    if (case / "trap.hex").exists():
        text = scaffold.of_trap(wanted, named(case))
        found = cases.of_trap(load(tmp_path, text), named(case), os_name)
    else:
        text = scaffold.of_line(wanted, heard(case))
        found = cases.of_line(load(tmp_path, text), heard(case), os_name)
    assert (found["kind"], found["phase"], found["severity"]) == ("thing_broken", "raise", "major")
    assert "TODO severity" in text


def test_a_port_is_known_by_its_index_or_by_how_its_name_is_written():
    by_index = scaffold.of_trap(Wanted("thing_broken", "ios"), Catalogue.load().name(snmp.decode(trap(b"public"))))
    assert "subject: interface" in by_index
    assert "TODO which part" not in by_index
    by_name = scaffold.of_line(Wanted("thing_broken", "ios"), heard_line("<187>1: %ACME-3-LINK: Port Gi0/1 is odd"))
    assert "subject: interface" in by_name


def test_a_line_is_told_by_what_is_the_same_in_every_one_like_it(tmp_path):
    message = heard_line("<187>77: sw01: Nov 14 08:30:56 JST: %ACME-3-DOOR: Door D-12 of rack 7 is open")
    text = scaffold.of_line(Wanted("door_open", "ios", severity="critical", name="D-12"), message)
    assert "TODO" not in text, "all is decided"
    data = yaml.safe_load(text)
    assert data["syslog"] == [
        {"tag": "ACME-3-DOOR", "pattern": r"^Door (?P<name>\S+) of rack \S+ is open", "kind": "door_open"}
    ]
    kinds = load(tmp_path, text)
    other = heard_line("<187>78: sw02: Nov 15 09:31:57 JST: %ACME-3-DOOR: Door D-9 of rack 11 is open")
    assert cases.of_line(kinds, other, "ios")["subject"] == {"type": "door", "name": "D-9"}
    closed = heard_line("<187>78: sw02: Nov 15 09:31:57 JST: %ACME-3-DOOR: Door D-9 of rack 11 is closed")
    assert cases.of_line(kinds, closed, "ios")["kind"] == "unknown_syslog"


def test_what_ends_a_fault_has_its_problem_and_subject():
    wanted = Wanted("door_shut", "ios").clearing(KINDS, "fan_failed")
    assert (wanted.problem, wanted.phase, wanted.subject) == ("fan_failed", "clear", "fan")
    with pytest.raises(ScaffoldError, match="no such kind raises anything"):
        Wanted("door_shut", "ios").clearing(KINDS, "fan_ok")


def test_a_name_that_is_nowhere_is_said_with_what_there_is():
    notification = Catalogue.load().name(snmp.decode(trap(b"public")))
    with pytest.raises(ScaffoldError, match=r"no varbind has this name or value; there are ifIndex \(3\)"):
        scaffold.of_trap(Wanted("thing_broken", "ios", name="nothing"), notification)
    with pytest.raises(ScaffoldError, match="does not stand in the line's text"):
        scaffold.of_line(Wanted("thing_broken", "ios", name="nothing"), heard_line("<187>x: %A-3-B: text"))


def test_a_line_that_nothing_tells_from_others_makes_no_kind():
    with pytest.raises(ScaffoldError, match="neither a tag nor a program"):
        scaffold.of_line(Wanted("thing_broken", "ios"), heard_line("just some words"))


def test_nobody_reads_the_community_in_a_case():
    shown = scaffold.without_community(trap(b"s3cret-community"))
    assert b"s3cret" not in shown
    before, after = snmp.decode(trap(b"s3cret-community")), snmp.decode(shown)
    assert after.community == b"public"
    assert (after.trap_oid, after.varbinds, after.request_id) == (before.trap_oid, before.varbinds, before.request_id)
    with pytest.raises(ScaffoldError, match="the community stands among the varbinds"):
        scaffold.without_community(
            trap(b"s3cret", WireVarBind("1.3.6.1.6.3.18.1.4.0", ValueType.OCTET_STRING, b"s3cret"))
        )


def trap(community, *more):
    varbinds = (WireVarBind("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 3), *more)
    return encode_trap("1.3.6.1.6.3.1.1.5.3", varbinds, community=community, request_id=7)


def heard_line(text):
    from datetime import UTC, datetime

    from fannel.wire.syslog import parse

    return parse(text.encode(), received_at=datetime(2026, 11, 14, 8, 31, tzinfo=UTC), zone=UTC)
