"""The stand-in answers the recorded requests as the real pagoda did.

`recorded/*.json` are requests and responses of pagoda 3.73; `recorded/world.yml` is what it held. Everything is
compared as it is (ids too, they follow from the order of creation) except: times, the text of web pages (`<HTML>`
here), and the order of items in a list ordered by time.
"""

from __future__ import annotations

import json

import pytest
from pagoda_recorded import NETBOT, READONLY, RECORDED, ROOT, comparable, replay

from fannel.lab.pagoda import Account, PagodaStandIn, Records

CASES = sorted(path.stem for path in RECORDED.glob("*.json"))
HIDDEN_ATTRIBUTES = ("management_ip", "snmp_source_addresses", "platform", "automation_enabled")

# What the access rights were at the time; the recorder changed them between the requests.
NETBOT_BY_CASE = {
    "090": Account(hidden_models=frozenset({"NetworkDevice"})),
    "091": Account(hidden_models=frozenset({"NetworkDevice"})),
    "092": Account(hidden_models=frozenset({"NetworkDevice"})),
    "093": Account(hidden_models=frozenset({"NetworkDevice"})),
    "094": Account(hidden_models=frozenset({"NetworkDevice"})),
    "096": Account(hidden_models=frozenset({"NetworkDevice"})),
    "101": Account(hidden_items=frozenset({"rt02.example.net"})),
    "102": Account(hidden_items=frozenset({"rt02.example.net"})),
    "103": Account(hidden_items=frozenset({"rt02.example.net"})),
    "110": Account(hidden_attributes=frozenset(("NetworkDevice", name) for name in HIDDEN_ATTRIBUTES)),
    "111": Account(hidden_attributes=frozenset(("NetworkDevice", name) for name in HIDDEN_ATTRIBUTES)),
    "113": Account(hidden_attributes=frozenset({("NetworkDevice", "console")})),
    "11a": Account(expired=True),
}


@pytest.fixture(scope="module")
def stand_in():
    server = PagodaStandIn(Records.from_yaml((RECORDED / "world.yml").read_text()))
    server.url = server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("case", CASES)
def test_the_stand_in_answers_as_pagoda_did(stand_in, case):
    recorded = json.loads((RECORDED / f"{case}.json").read_text())
    stand_in.accounts.clear()
    stand_in.accounts.update({ROOT: Account(), READONLY: Account(), NETBOT: NETBOT_BY_CASE.get(case[:3], Account())})
    if case.startswith("119"):
        del stand_in.accounts[READONLY]

    answer = replay(stand_in.url, recorded["request"])

    expected = recorded["response"]
    assert answer.status_code == expected["status"]
    assert answer.headers["Content-Type"] == expected["headers"]["Content-Type"]
    if expected["body"] == "<HTML>":
        assert "<title>" in answer.text
    else:
        assert comparable(answer.json()) == comparable(expected["body"])
        assert answer.headers["Allow"] == expected["headers"]["Allow"]
