import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel import collection
from fannel.checks.find import Checks
from fannel.checks.judge import judge
from fannel.checks.load import load
from fannel.checks.screen import clean
from fannel.event import Subject

ETH1 = Subject("interface", name="eth1", ifindex=2)
CHECKS = Checks((collection.root() / "checks",))
SHIPPED = {f"{file.parent.name}/{file.stem}": CHECKS.find(file.parent.name, file.stem) for file in CHECKS.files()}
SUBJECTS = {
    "interface": ETH1,
    "bgp_neighbor": Subject("bgp_neighbor", name="192.0.2.1", peer="192.0.2.1"),
    "ospf_neighbor": Subject("ospf_neighbor", name="192.0.2.1", peer="198.51.100.1"),
    "bfd_session": Subject("bfd_session", name="192.0.2.1", peer="192.0.2.1"),
}


def about(check):
    return SUBJECTS.get(check.subject) or Subject(check.subject, name="1")


@pytest.fixture
def check(tmp_path):
    def make(text):
        file = tmp_path / "problem" / "os.yml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return load(file)

    return make


STATE = """\
commands:
  port: {run: "show {interface}", parse: {regex: 'state (?P<state>\\S+)(?: for (?P<age>\\d+))?'}}
  extra: {run: show extra, parse: {regex: 'extra (?P<extra>\\S+)'}, optional: true}
facts:
  state: port.state
  age: port.age | int
  more: extra.extra
"""


def test_the_first_rule_that_holds_should_decide(check):
    rules = (
        "verdict:\n  - {when: state == 'down', outcome: confirmed, reason: one}\n  - {outcome: cleared, reason: two}\n"
    )
    assert judge(check(STATE + rules), ETH1, ["state down"]).reasons == ("one",)
    assert judge(check(STATE + rules), ETH1, ["state up"]).reasons == ("two",)


def test_when_a_rule_needs_a_missing_fact_it_should_be_inconclusive_not_skipped(check):
    rules = "verdict:\n  - {when: age > 3, outcome: confirmed, reason: one}\n  - {outcome: cleared, reason: two}\n"
    verdict = judge(check(STATE + rules), ETH1, ["state up"])
    assert verdict.outcome == "inconclusive"
    assert verdict.reason.startswith("rule 1 of the check cannot be decided: age is not known (")


def test_when_a_rule_is_neither_true_nor_false_it_should_not_decide(check):
    verdict = judge(check(STATE + "verdict:\n  - {when: state, outcome: confirmed, reason: one}\n"), ETH1, ["state no"])
    assert verdict.outcome == "inconclusive"
    assert "'state' is neither true nor false" in verdict.reason


def test_when_no_rule_holds_it_should_be_inconclusive(check):
    rules = "verdict:\n  - {when: state == 'down', outcome: confirmed, reason: one}\n"
    assert judge(check(STATE + rules), ETH1, ["state up"]).reason == "no rule of the check fits what the device says"


def test_an_optional_command_that_failed_should_leave_its_facts_out(check):
    rules = "verdict:\n  - {outcome: confirmed, reason: 'extra is {more}'}\n"
    verdict = judge(check(STATE + rules), ETH1, ["state up for 3", None])
    assert (verdict.reason, verdict.facts) == ("extra is unknown", {"state": "up", "age": 3})


def test_a_needed_command_without_output_should_be_inconclusive_and_named(check):
    verdict = judge(check(STATE + "verdict:\n  - {outcome: confirmed, reason: one}\n"), ETH1, [])
    assert verdict.reason == "the answer to `show eth1` cannot be read: it was not run"


def test_an_unreadable_answer_should_be_quoted(check):
    text = "\n\n  % Invalid input\nfoo\n"
    verdict = judge(check(STATE + "verdict:\n  - {outcome: confirmed, reason: one}\n"), ETH1, [text])
    assert verdict.evidence == ("% Invalid input", "foo")


def test_evidence_should_be_the_last_matching_lines_and_few(check):
    quotes = "verdict:\n  - {outcome: confirmed, reason: one}\nevidence:\n  - {from: extra, match: 'extra', last: 2}\n"
    lines = "\n".join(f"extra {n}" for n in range(50)) + "\nextra " + "x" * 5000
    verdict = judge(check(STATE + quotes), ETH1, ["state up", lines])
    assert verdict.evidence[0] == "extra 49"
    assert len(verdict.evidence) == 2
    assert len(verdict.evidence[1]) == 240


def test_an_evidence_pattern_should_take_a_subject_literally(check):
    quotes = "verdict:\n  - {outcome: confirmed, reason: one}\nevidence:\n  - {from: extra, match: '{interface} is'}\n"
    subject = Subject("interface", name="Gi0/1.1")
    verdict = judge(check(STATE + quotes), subject, ["state up", "Gi0/1x1 is down\nGi0/1.1 is up\n"])
    assert verdict.evidence == ("Gi0/1.1 is up",)


def test_a_reason_should_not_interpolate_twice(check):
    rules = "verdict:\n  - {outcome: confirmed, reason: 'it is {state}'}\n"
    assert judge(check(STATE + rules), ETH1, ["state {age}"]).reason == "it is {age}"


def test_facts_should_stay_small(check):
    rules = "verdict:\n  - {outcome: confirmed, reason: one}\n"
    verdict = judge(check(STATE + rules), ETH1, ["state " + "x" * 100_000])
    assert len(json.dumps(verdict.to_json())) < 1000


@pytest.mark.parametrize("name", sorted(SHIPPED))
@settings(max_examples=20, deadline=None)
@given(text=st.text() | st.text("{}[]\":,0 \n%isupdownlprtcv()<>'\\"))
def test_whatever_a_device_prints_judging_should_not_raise_nor_conclude(name, text):
    check = SHIPPED[name]
    verdict = judge(check, about(check), [text] * len(check.commands))
    assert verdict.outcome == "inconclusive"
    assert verdict.reasons
    json.dumps(verdict.to_json())


@settings(max_examples=80, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["eth1", "administrativeStatus", "operationalStatus", "flags", "linkDowns"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_json_frr_prints_only_a_plain_status_should_conclude(data):
    verdict = judge(SHIPPED["interface_down/frr"], ETH1, [json.dumps(data)])
    if verdict.outcome != "inconclusive":
        assert verdict.facts["admin"] in ("up", "down")


FLOODS = {
    "blank lines": "\n" * 200_000,
    "spaces": " " * 200_000,
    "one long word": "E" + "t" * 200_000,
    "half a status line": "Ethernet1 is down (" * 10_000,
    "braces": '{"eth1":{' * 20_000,
    "quotes": '"' * 200_000,
    "escapes": "\x1bP" * 100_000 + "\x1b[" + "0" * 100_000,
    "err-disabled": "Et1 err-disabled " * 10_000,
    "logical": " Logical interface x\n" * 10_000,
}


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_flood_of_anything_should_be_judged_in_no_time(name):
    """Patterns that go back and forth over their input take minutes for this, not milliseconds."""
    check = SHIPPED[name]
    for flood, text in FLOODS.items():
        started = time.process_time()
        verdict = judge(check, about(check), [text] * len(check.commands))
        assert verdict.outcome == "inconclusive", flood
        assert time.process_time() - started < 5, flood


@pytest.mark.parametrize("name", sorted(name for name, check in SHIPPED.items() if check.find_subject))
def test_a_flood_should_not_stall_the_search_for_the_interface_either(name):
    find = SHIPPED[name].find_subject
    for flood, text in FLOODS.items():
        started = time.process_time()
        re.search(find.match.replace("{ifindex}", "7"), clean(text), re.MULTILINE)
        assert time.process_time() - started < 5, flood
