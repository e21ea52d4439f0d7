"""Cheap truths about the tree: what a reviewer would otherwise have to look for in every change."""

import importlib.resources
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
import yaml
from ansible_rulebook.conf import settings as rulebook_settings
from ansible_rulebook.rules_parser import parse_rule_sets
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import fannel

ROOT = Path(__file__).parents[1]

# Each pattern is written so that it does not match itself.
FORBIDDEN = {
    "the address of a package index": r"https?://[^\"'\s]+(/simple\b|/packages/[0-9a-f]{2}/|/debian\b)|--(extra-)?index[-]url",
    "a path of one machine": r"(?<![\w.$}~])/(home/[a-z]|root|work|Users/[a-z])[\w.-]*/[\w.]",
    "unfinished work": r"\b(TO[D]O|FIX[M]E)\b",
    "a private key": r"BEGIN (RSA |EC |OPENSSH )?PRIVATE[ ]KEY",
    "a Slack token": r"\bxox[abprs]-\d{9,}",
}
# `fannel new` leaves that word where a person has to decide: these write it, or speak of it.
LEAVE_IT_TO_A_PERSON = {
    "changelogs/fragments/new.feature.md",
    "docs/add-an-alert.md",
    "docs/decisions.md",
    "src/fannel/checks/scaffold.py",
    "src/fannel/cli/new_files.py",
    "src/fannel/kinds/scaffold.py",
    "tests/checks/test_checks_scaffold.py",
    "tests/cli/test_cli_new.py",
    "tests/kinds/test_kinds_scaffold.py",
    "tests/test_add_an_alert.py",
}


def tracked(*patterns: str) -> list[Path]:
    """Files git would commit, those not yet added included, ignored ones left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    try:
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this tree is no git checkout: {error}")
    return [path for name in sorted(filter(None, listed.split("\0"))) if (path := ROOT / name).is_file()]


def lines_of(paths: list[Path]) -> Iterator[tuple[Path, int, str]]:
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a capture, an image
        for number, line in enumerate(text.splitlines(), 1):
            yield path, number, line


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    pattern = re.compile(FORBIDDEN[what])
    may = LEAVE_IT_TO_A_PERSON if what == "unfinished work" else set()
    found = [(str(path.relative_to(ROOT)), n, line) for path, n, line in lines_of(tracked()) if pattern.search(line)]
    assert [f"{file}:{n}: {line.strip()}" for file, n, line in found if file not in may] == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("the address of a package index", "https://pypi.example" + "/simple/requests/"),
        ("the address of a package index", "pip install --index" + "-url x"),
        ("a path of one machine", "cd /wo" + "rk/main/src"),
        ("a path of one machine", 'open("/ho' + 'me/jane/x")'),
        ("unfinished work", "# TO" + "DO later"),
        ("a private key", "-----BEGIN OPENSSH PRIVATE" + " KEY-----"),
        ("a Slack token", "xoxb" + "-123456789012-abc"),
    ],
)
def test_the_patterns_see_what_they_are_for(what, line):
    assert re.search(FORBIDDEN[what], line)


def test_versions_agree():
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert (galaxy["namespace"], galaxy["name"]) == ("fannel", "network")
    assert galaxy["version"] == fannel.__version__


class TestConstraints:
    @pytest.fixture
    def pins(self) -> dict[str, str]:
        lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        entries = [line for line in lines if line and not line.startswith("#")]
        assert [line for line in entries if not re.fullmatch(r"[\w.-]+==[\w.!+]+", line)] == [], "name==version only"
        return {canonicalize_name(name): version for name, version in (line.split("==") for line in entries)}

    @staticmethod
    def direct_dependencies() -> list[Requirement]:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        groups = [
            project["build-system"]["requires"],
            project["project"]["dependencies"],
            *project["project"]["optional-dependencies"].values(),
        ]
        requirements = [Requirement(text) for group in groups for text in group]
        return [requirement for requirement in requirements if requirement.name != "fannel"]

    def test_every_direct_dependency_is_pinned_inside_its_bounds(self, pins):
        direct = self.direct_dependencies()
        assert direct
        wrong = {
            str(requirement): pins.get(canonicalize_name(requirement.name))
            for requirement in direct
            if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0.dev0"))
            or canonicalize_name(requirement.name) not in pins
        }
        assert wrong == {}


class TestChangelog:
    KINDS = ("feature", "bugfix", "doc", "removal", "misc")

    @pytest.mark.parametrize("path", sorted((ROOT / "changelogs/fragments").glob("*")), ids=lambda path: path.name)
    def test_a_fragment_is_named_for_its_topic_and_kind_and_holds_a_sentence_or_two(self, path):
        if path.name == ".gitkeep":
            return
        assert re.fullmatch(rf"[a-z0-9-]+\.({'|'.join(self.KINDS)})\.md", path.name)
        text = path.read_text(encoding="utf-8").strip()
        assert text.endswith("."), "a sentence ends with a full stop"
        assert "\n\n" not in text, "one paragraph"
        assert len(text) <= 400, "what a user notices, not how it was done"


class TestRulebooks:
    """What ansible-rulebook itself would refuse, found without starting it."""

    RULEBOOKS = sorted((ROOT / "rulebooks").glob("*.yml"))

    def test_there_is_the_rulebook_people_start_with(self):
        assert "network_alerts.yml" in {path.name for path in self.RULEBOOKS}

    @pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.name)
    def test_it_fits_the_schema_of_ansible_rulebook(self, path):
        schema = json.loads(
            importlib.resources.files("ansible_rulebook").joinpath("schema/ruleset_schema.json").read_text()
        )
        jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)

    @pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.name)
    def test_ansible_rulebook_reads_every_rule_and_condition(self, path, monkeypatch):
        monkeypatch.setattr(
            rulebook_settings, "ansible_galaxy_path", str(Path(sys.executable).with_name("ansible-galaxy"))
        )
        rulesets = yaml.safe_load(path.read_text(encoding="utf-8"))
        parsed = parse_rule_sets(rulesets, {})
        assert [len(ruleset.rules) for ruleset in parsed] == [len(ruleset["rules"]) for ruleset in rulesets]

    @pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.name)
    def test_every_playbook_runs_under_a_lock_that_ansible_rulebook_may_keep_for_ever(self, path):
        rules = [rule for ruleset in yaml.safe_load(path.read_text(encoding="utf-8")) for rule in ruleset["rules"]]
        actions = [rule["action"] for rule in rules]
        runs = [action["run_playbook"] for action in actions if "run_playbook" in action]
        assert {run.get("lock") for run in runs} == {"{{ event.lock }}"}
        assert {name for action in actions for name in action} <= {"run_playbook", "post_event"}


class TestDocumentation:
    LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|<img [^>]*src=\"([^\"]+)\"")
    HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
    CODE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)

    @classmethod
    def anchors(cls, path: Path) -> set[str]:
        """What GitHub calls the headings of a page."""
        headings = cls.HEADING.findall(cls.CODE.sub("", path.read_text(encoding="utf-8")))
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    def test_every_relative_link_leads_somewhere(self):
        broken = []
        for page in tracked("*.md"):
            text = self.CODE.sub("", page.read_text(encoding="utf-8"))
            for target in (link or image for link, image in self.LINK.findall(text)):
                address, _, anchor = target.partition("#")
                if re.match(r"[a-z]+:", address):
                    continue
                where = (page.parent / unquote(address)) if address else page
                if not where.exists() or (anchor and where.suffix == ".md" and anchor not in self.anchors(where)):
                    broken.append(f"{page.relative_to(ROOT)}: {target}")
        assert broken == []

    def test_every_make_target_a_page_names_exists(self):
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
        named = {
            target
            for page in [*tracked("*.md"), ROOT / ".ci/run"]
            for target in re.findall(
                r"(?:`|^ *|\|\| )make ([a-z][a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE
            )
        }
        assert named - targets == set()


@pytest.mark.parametrize("path", [path for path in (ROOT / "scripts", ROOT / ".ci") if path.is_dir()], ids=str)
def test_a_script_with_an_interpreter_line_may_be_executed(path):
    for script in path.iterdir():
        if script.is_file() and script.read_bytes().startswith(b"#!"):
            assert os.access(script, os.X_OK), script
