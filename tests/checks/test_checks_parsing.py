"""What each parser gives for an answer, and what it refuses to read."""

import pytest

from fannel.checks.parsing import Each, Groups, Json, ParseError, Table, Xml
from fannel.checks.placeholder import UnfitValueError
from fannel.checks.templates import table, tree
from fannel.event import Subject

BUNDLE = """\
<group name="bundles*">
{{ bundle | re("Bundle-Ether\\d+") }}
  Status: {{ status | ORPHRASE }}
<group name="members*">
  {{ port }} {{ device }} {{ state | WORD }}
</group>
</group>
"""
BUNDLES = """\
Bundle-Ether1
  Status: Up
  Te0/0/0/1 Local Active
  Te0/0/0/2 Local Configured
Bundle-Ether2
  Status: Down
"""


@pytest.fixture
def template(tmp_path):
    def make(text):
        file = tmp_path / "bundle.ttp"
        file.write_text(text, encoding="utf-8")
        return tree(file)

    return make


def test_a_rule_to_fail_on_unknown_lines_should_be_left_out_wherever_it_stands(tmp_path):
    file = tmp_path / "cards.textfsm"
    file.write_text(
        "Value SLOT (\\d+)\n\nStart\n  ^Slot -> Cards\n  ^. -> Error\n\nCards\n  ^${SLOT} -> Record\n", "utf-8"
    )
    assert table(file)("a new line\nSlot\n3 ok\n") == [{"slot": "3"}]


def test_a_ttp_template_should_give_its_groups(template):
    found = template(BUNDLE)(BUNDLES)
    assert [(bundle["bundle"], bundle["status"]) for bundle in found["bundles"]] == [
        ("Bundle-Ether1", "Up"),
        ("Bundle-Ether2", "Down"),
    ]
    assert [member["state"] for member in found["bundles"][0]["members"]] == ["Active", "Configured"]


def test_an_answer_a_ttp_template_does_not_know_should_be_refused(template):
    with pytest.raises(ParseError, match="nothing in it is what the template bundle reads"):
        template(BUNDLE)("% Invalid input detected\n")


@pytest.mark.parametrize(
    "hostile",
    [
        "<macro>\ndef x(data):\n    return 1\n</macro>\na {{ b }}",
        '<vars load="python">x = __import__("os")</vars>\na {{ b }}',
        '<lookup name="x" load="python">x = 1</lookup>\na {{ b }}',
        '<input name="x">url="/etc/passwd"</input>\na {{ b }}',
        '<extend template="/etc/passwd"/>\na {{ b }}',
        '<output macro="x"/>\na {{ b }}',
        '<group name="a" macro="x">\na {{ b }}\n</group>',
        '<group name="a" functions="macro(x)">\na {{ b }}\n</group>',
        "a {{ b | macro('x') }}",
        "a {{ b | rdns }}",
        "a {{ b | re(__import__('os').system('id')) }}",
        "a {{ b | re('x', __import__('os').system('id')) }}",
        "a {{ b | re('x') if __import__('os').system('id') else 1 }}",
        "a {{ b | contains('x' + open('/etc/passwd').read()) }}",
    ],
)
def test_a_ttp_template_that_does_more_than_match_should_be_refused(template, hostile):
    with pytest.raises(ParseError, match=r"may not use|may have no|may give a group"):
        template(hostile)


@pytest.mark.parametrize(
    "broken", ["<group name='a'>\nx {{ b }}", "{{ a", '<group name="x">\n a {{ b | re("(") }}\n</group>']
)
def test_a_broken_ttp_template_should_be_refused_and_not_end_the_process(template, broken):
    with pytest.raises(ParseError):
        template(broken)("x 1\n")


def test_xml_should_be_read_out_of_what_stands_around_it():
    text = '\n<a xmlns:j="x">\n <peer><state j:s="1">Up</state></peer>\n</a>\n\n{master}\n'
    found = Xml({}, ("peer",))(text)
    assert found["a"]["peer"] == [{"state": {"@j:s": "1", "#text": "Up"}}]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "error: unknown command",
        "<a><b></a>",
        "<a>" * 50_000,
        '<!DOCTYPE a [<!ENTITY x "1">]><a>&x;</a>',
        '<!doctype a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    ],
)
def test_what_is_no_xml_or_defines_entities_should_be_refused(text):
    with pytest.raises(ParseError):
        Xml({})(text)


def test_patterns_should_give_their_first_match_or_each():
    pattern, text = r"^(?P<peer>\S+) is (?P<state>\w+)(?: for (?P<age>\d+))?", "a is up for 3\nb is down\nAS 5\n"
    assert Groups((pattern,), {})(text) == {"peer": "a", "state": "up", "age": "3"}
    assert Groups((pattern, r"AS (?P<as>\d+)", r"(?P<no>none)"), {})(text)["as"] == "5"
    assert Each(pattern)(text) == [
        {"peer": "a", "state": "up", "age": "3"},
        {"peer": "b", "state": "down"},
    ]


def test_the_first_pattern_must_match():
    with pytest.raises(ParseError):
        Groups((r"AS (?P<as>x)", r"(?P<peer>\S+) is"), {})("a is up\nAS 5\n")


def test_more_matches_than_can_be_kept_should_be_no_answer_at_all():
    """What is missing from a list that was cut would seem to be gone."""
    with pytest.raises(ParseError, match="more than"):
        Each(r"(?P<a>x)")("x\n" * 5_000)


def test_a_pattern_should_take_the_subject_literally_and_an_interface_in_any_spelling():
    pattern = Groups((r"^{interface} is (?P<state>\w+)",), {}).about(Subject("interface", name="GigabitEthernet0/1"))
    assert pattern("Gi0/1 is up")["state"] == "up"
    assert pattern("GigabitEthernet0/1 is down")["state"] == "down"
    with pytest.raises(ParseError):
        pattern("Gi0x1 is up")
    with pytest.raises(UnfitValueError):
        Groups((r"^{peer} (?P<state>\w+)",), {}).about(Subject("interface", name="eth1"))


@pytest.mark.parametrize(
    "parser",
    [
        Json({}),
        Xml({}),
        Groups((r"(?P<a>b)",), {}),
        Each(r"(?P<a>b)"),
        Table("t", "Value A (b)\n\nStart\n  ^${A} -> Record\n"),
    ],
)
def test_an_empty_answer_should_never_be_read(parser):
    with pytest.raises(ParseError):
        parser("")
