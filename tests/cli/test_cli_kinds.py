"""`fannel kinds list`: what FANNEL can be told, and by whom."""

import itertools
import json

import pytest
from typer.testing import CliRunner

from fannel.cli.app import app


def run(*options):
    return CliRunner().invoke(app, ["kinds", "list", *options])


def rows(*options):
    ended = run("--json", *options)
    assert ended.exit_code == 0, ended.stderr
    return {row.pop("kind"): row for row in json.loads(ended.stdout)}


def test_every_kind_is_listed_with_what_it_does_and_who_says_it():
    row = rows()["interface_down"]
    assert row["traps"] == ["CISCO-IF-EXTENSION-MIB::cieLinkDown", "IF-MIB::linkDown"]
    assert {"ios", "iosxr", "nxos", "eos", "junos", "frr", "vrp"} <= set(row["syslog"])
    assert {key: row[key] for key in ("problem", "phase", "severity", "subject")} == {
        "problem": "interface_down",
        "phase": "raise",
        "severity": "critical",
        "subject": "interface",
    }


def test_the_kinds_of_one_problem_stand_together():
    problems = [row["problem"] for row in rows().values()]
    changes = sum(one != other for one, other in itertools.pairwise(problems))
    assert changes == len(set(problems)) - 1


def test_every_kind_that_is_defined_is_said_by_somebody():
    unsaid = [name for name, row in rows().items() if not row["traps"] and not row["syslog"]]
    assert unsaid == []


def test_the_table_has_a_line_for_each_and_a_mark_for_each_way():
    lines = run().stdout.splitlines()
    (heading,) = (line for line in lines if line.startswith("problem"))
    assert heading.split()[:5] == ["problem", "kind", "phase", "severity", "trap"]
    (line,) = (line for line in lines if "lag_min_links_met" in line)
    assert line.split() == ["lag_min_links_met", "clear", "info", "✓"]
    assert line.index("✓") == lines[0].index("ios")


SITE = """\
os: acmeos
syslog:
  - {tag: ACME-3-FAULT, kind: acme_fault, problem: acme_fault, phase: raise, severity: major, subject: device}
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kinds").mkdir()
    return tmp_path / "kinds" / "acme.yml"


def test_a_sites_own_kinds_are_listed_too(site):
    site.write_text(SITE)
    assert rows()["acme_fault"]["syslog"] == ["acmeos"]


def test_a_mistake_in_them_is_said_in_one_line(site):
    site.write_text(SITE.replace("phase", "fase"))
    ended = run()
    assert ended.exit_code == 2
    assert ended.stderr == f"fannel: {site}:3: unknown key 'fase'; did you mean 'phase'?\n"
