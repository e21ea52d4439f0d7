"""What the trap source's documentation promises is what its settings are."""

from __future__ import annotations

import ast
import json

import pytest
import yaml

from fannel import collection
from fannel.config import Trap

# Rulebooks are shared and logged: keys, and what belongs to one machine, stay in the settings.
NOT_FOR_RULEBOOKS = {"users", "users_file", "engines", "engine_file"}


def documented():
    path = collection.root() / "plugins" / "event_source" / "snmp_trap.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (text,) = [
        node.value.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "DOCUMENTATION"
    ]
    return yaml.safe_load(text)["options"]


def test_every_setting_of_a_rulebook_is_an_option():
    assert set(documented()) == set(Trap.model_fields) - NOT_FOR_RULEBOOKS


@pytest.mark.parametrize("name", sorted(set(Trap.model_fields) - NOT_FOR_RULEBOOKS - {"communities"}))
def test_an_option_has_the_default_of_its_setting(name):
    default = json.loads(Trap().model_dump_json())[name]
    assert documented()[name].get("default", []) == default


def test_the_facts_that_can_be_trusted_are_all_told():
    assert documented()["trust"]["choices"] == list(Trap().trust)
