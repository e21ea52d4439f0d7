"""What the syslog source's documentation promises is what its settings are."""

from __future__ import annotations

import ast
import json
from typing import get_args

import pytest
import yaml

from fannel import collection
from fannel.config import Syslog
from fannel.config.syslog import SyslogSeverity

# Tables do not fit into a variable.
IN_THE_FILE_ONLY = {"zones", "abbreviations"}


def documented():
    path = collection.root() / "plugins" / "event_source" / "syslog.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (text,) = [
        node.value.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "DOCUMENTATION"
    ]
    return yaml.safe_load(text)["options"]


def test_every_setting_of_a_rulebook_is_an_option():
    assert set(documented()) == set(Syslog.model_fields) - IN_THE_FILE_ONLY


@pytest.mark.parametrize("name", sorted(set(Syslog.model_fields) - IN_THE_FILE_ONLY))
def test_an_option_has_the_default_of_its_setting(name):
    default = json.loads(Syslog().model_dump_json())[name]
    assert documented()[name].get("default") == default


def test_every_severity_can_be_chosen():
    assert documented()["unknown_to_rules"]["choices"] == [*get_args(SyslogSeverity), "none"]
