"""Every value shape of the recorded answers."""

import json
from pathlib import Path

import pytest

from fannel.directory.values import UNREADABLE, NamedRef, Ref, read_attributes, read_value

RECORDED = Path(__file__).parent / "recorded"
TOKYO, TOKYO_2 = Ref(9, "Tokyo DC1"), Ref(13, "Tokyo DC2")
FULL = {
    "string": "s",
    "text": "a\nb",
    "boolean": True,
    "number": 4,
    "date": "2026-01-02",
    "object": TOKYO,
    "named_object": NamedRef("n", TOKYO),
    "group": Ref(1, "noc"),
    "role": Ref(1, "network-operator"),
    "select": "red",
    "array_string": ("a", "b"),
    "array_number": (1, 2.5),
    "array_object": (TOKYO, TOKYO_2),
    "array_named_object": (NamedRef("x", TOKYO), NamedRef("y", TOKYO_2)),
    "array_named_object_boolean": (NamedRef("x", TOKYO, flag=True),),
    "array_group": (Ref(1, "noc"), Ref(2, "core-team")),
    "array_role": (Ref(1, "network-operator"),),
    "multi_select": ("red", "blue"),
}
EMPTY = {name: () if isinstance(value, tuple) else None for name, value in FULL.items()} | {"boolean": False}


def recorded(case):
    return json.loads((RECORDED / f"{case}.json").read_text())["response"]["body"]


@pytest.mark.parametrize(("row", "expected"), [(0, EMPTY), (1, FULL)], ids=["empty", "full"])
def test_a_search_row_has_these_values(row, expected):
    values = read_attributes(recorded("044-types-advanced-search")["values"][row]["attrs"])
    values.pop("datetime")
    assert values == expected


@pytest.mark.parametrize(("case", "expected"), [("045-types-retrieve-empty", EMPTY), ("045-types-retrieve-full", FULL)])
def test_a_retrieved_item_has_the_same_values(case, expected):
    values = read_attributes(recorded(case)["attrs"])
    values.pop("datetime")
    assert values == expected


def test_what_may_not_be_read_is_unknown_not_empty():
    values = read_attributes(recorded("110-acl-attr-denied-search")["values"][0]["attrs"])
    hidden = {"management_ip", "snmp_source_addresses", "platform", "automation_enabled"}
    assert {name for name, value in values.items() if value is UNREADABLE} == hidden
    assert values["console"] == NamedRef("tty12", Ref(57, "rt01.example.net"))


def test_an_attribute_newer_than_the_item_is_absent():
    values = read_attributes(recorded("046-new-attr-search")["values"][0]["attrs"])
    assert values == {"a": "1"}


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        "",
        [],
        {},
        {"value": None},
        {"value": {"as_object": "x"}},
        {"value": {"as_number": "4"}},
        {"value": {"as_number": True}},
        {"value": {"as_object": {"id": "9", "name": "x"}}},
        {"value": {"as_named_object": 7}},
        {"value": {"as_something_new": 1}},
        {"value": {"as_string": 5}},
    ],
)
def test_garbage_reads_as_unset(garbage):
    assert read_value(garbage) is None


def test_a_whole_number_kept_as_a_float_is_an_integer():
    value = read_value({"is_readable": True, "value": {"as_number": 3.0}})
    assert value == 3
    assert isinstance(value, int)
