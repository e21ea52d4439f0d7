"""docs/coverage.md says what is true, and what FANNEL was asked to cover is covered."""

from __future__ import annotations

import re

import pytest
from coverage_table import CHECKS, KINDS, PAGE, REASONS, ROWS, SYSTEMS, heard, marks, page

CISCO_AND_CO = ("ios", "iosxr", "nxos", "eos", "junos")
# Which systems each row of the page is about.
ASKED_FOR = {
    "interface": tuple(SYSTEMS),
    "errors, optics": CISCO_AND_CO,
    "bundles (LACP)": CISCO_AND_CO,
    "BGP": (*CISCO_AND_CO, "frr"),
    "OSPF, version 3 too": (*CISCO_AND_CO, "frr"),
    "IS-IS": ("ios", "iosxr", "eos", "junos"),
    "BFD": (*CISCO_AND_CO, "frr"),
    "memory, line cards": CISCO_AND_CO,
    "power, fans, heat": CISCO_AND_CO,
    "restarts": (*CISCO_AND_CO, "frr"),
    "configuration": CISCO_AND_CO,
    "authentication": (*CISCO_AND_CO, "frr"),
    "bridging": ("ios", "nxos", "eos", "junos"),
    "gateways, time": CISCO_AND_CO,
}
CELLS = [(row, system) for row, systems in ASKED_FOR.items() for system in systems]
LOOKED_AT = tuple(system for system in SYSTEMS if system != "vrp")  # of Huawei's, messages are understood
RAISED = sorted({kind.problem for kind in KINDS.values() if kind.phase == "raise"})


def written() -> dict[tuple[str, str], set[str]]:
    """What the page claims, cell by cell."""
    claims = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\|[^|]*\| `(\w+)` \|(.*)\|$", line):
            cells = [set(cell.split()) for cell in found[2].split("|")]
            claims |= {(found[1], system): cell for system, cell in zip(SYSTEMS, cells, strict=True)}
    return claims


def test_the_page_claims_nothing_that_is_not_so():
    false = {cell: claimed - marks(*cell) for cell, claimed in written().items() if claimed - marks(*cell)}
    assert false == {}, f"if this is right, docs/coverage.md should be:\n{page()}"


def test_the_page_has_a_line_for_every_problem_of_its_rows():
    assert {problem for problem, _ in written()} >= {problem for problems in ROWS.values() for problem in problems}


def test_every_problem_that_lasts_has_a_line():
    assert set(RAISED) <= {problem for problems in ROWS.values() for problem in problems}


@pytest.mark.parametrize(("row", "system"), CELLS)
def test_what_was_asked_for_is_heard(row, system):
    assert any(heard()[problem, system] for problem in ROWS[row])


@pytest.mark.parametrize("problem", RAISED)
def test_what_lasts_is_looked_at_or_says_why_not(problem):
    neither = [os for os in LOOKED_AT if (problem, os) not in CHECKS and (problem, os) not in REASONS]
    assert neither == [], f"write checks/{problem}/<os>.yml, or say in checks/not_applicable.yml why there is none"
