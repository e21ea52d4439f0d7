"""docs/checks.md has the whole language of checks, and its example does what the page says."""

from __future__ import annotations

import re

import pytest

from fannel.checks.document import schema
from fannel.checks.expression import _ENVIRONMENT
from fannel.checks.judge import judge
from fannel.checks.load import load
from fannel.checks.placeholder import PLACEHOLDERS
from fannel.collection import root
from fannel.event import Subject

PAGE = (root() / "docs" / "checks.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```(?:text|yaml) (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
CHECK, OUTPUT = FILES
LANGUAGE = schema()["properties"]


@pytest.fixture
def check(tmp_path):
    file = tmp_path / CHECK
    file.parent.mkdir(parents=True)
    file.write_text(FILES[CHECK], encoding="utf-8")
    return load(file)


def test_the_example_gives_the_verdict_that_the_page_tells(check):
    verdict = judge(check, Subject("interface", name=OUTPUT), [FILES[OUTPUT], None])
    assert f"says `{verdict.outcome}`: *{verdict.reason}*." in PAGE
    assert verdict.evidence == (
        "Tunnel7 is up, line protocol is down",
        "Tunnel source 192.0.2.1, destination 198.51.100.7",
    )


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_every_placeholder_is_on_the_page(name):
    assert f"`{{{name}}}`" in PAGE


@pytest.mark.parametrize("name", [*_ENVIRONMENT.filters, *(name for name in _ENVIRONMENT.tests if name.isalpha())])
def test_every_filter_and_test_is_on_the_page(name):
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", schema()["$defs"]["parse"]["properties"])
def test_every_parser_is_on_the_page(name):
    assert f"`{{{name}: " in PAGE


@pytest.mark.parametrize(
    "name",
    sorted(
        {
            *LANGUAGE,
            *LANGUAGE["commands"]["additionalProperties"]["properties"],
            *LANGUAGE["verdict"]["items"]["properties"],
        }
    ),
)
def test_every_key_is_on_the_page(name):
    assert re.search(rf"\b{name}\b", PAGE)


def test_the_page_speaks_of_no_other_placeholder():
    spoken = set(re.findall(r"`\{(\w+)\}`", PAGE))
    assert spoken <= {*PLACEHOLDERS, "name"}
