import pytest
import yaml

from fannel.checks.document import schema
from fannel.checks.errors import CheckError
from fannel.checks.load import load

GOOD = """\
commands:
  interface:
    run: show interfaces {interface}
    parse: {ntc: {platform: cisco_ios, command: show interfaces}}
  log:
    run: show logging
    parse: {regex: '(?P<cause>bpduguard)'}
    optional: true
facts:
  link: interface[0].link_status | lower
verdict:
  - when: link == 'up'
    outcome: cleared
    reason: "{interface} is {link}"
  - outcome: inconclusive
    reason: nobody knows
evidence:
  - {from: interface, match: 'line protocol'}
"""


def write(tmp_path, text):
    file = tmp_path / "interface_down" / "ios.yml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    return file


def error_of(tmp_path, text):
    file = write(tmp_path, text)
    with pytest.raises(CheckError) as caught:
        load(file)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{file}:")
    return message.removeprefix(f"{file}:")


def test_a_good_check_should_load(tmp_path):
    check = load(write(tmp_path, GOOD))
    assert (check.problem, check.os) == ("interface_down", "ios")
    assert [command.name for command in check.commands] == ["interface", "log"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("optional: true", "optoinal: true", "8: commands.log.optoinal: no such key; did you mean 'optional'?"),
        ("evidence:", "evidense:", "17: evidense: no such key; did you mean 'evidence'?"),
        (
            "outcome: cleared",
            "outcome: clear",
            "13: verdict[0].outcome: 'clear' is none of its values; did you mean 'cleared'?",
        ),
        ("    outcome: cleared\n", "", "12: verdict[0]: the key 'outcome' is missing"),
        ("optional: true", "optional: 3", "8: commands.log.optional: must be true or false, not 3"),
        (
            "{interface}\n    parse",
            "{interfaces}\n    parse",
            "3: commands.interface.run: there is no placeholder {interfaces}; did you mean 'interface'?",
        ),
        (
            "command: show interfaces",
            "command: show interfces",
            (
                "4: commands.interface.parse.ntc: ntc-templates has no template cisco_ios_show_interfces; "
                "did you mean 'cisco_ios_show_interfaces'?"
            ),
        ),
        (
            "platform: cisco_ios",
            "platform: cisco_xyz",
            (
                "4: commands.interface.parse.ntc: ntc-templates has no template cisco_xyz_show_interfaces; "
                "no such platform"
            ),
        ),
        (
            "{regex: '(?P<cause>bpduguard)'}",
            "{textfsm: mine.textfsm}",
            "7: commands.log.parse.textfsm: there is no template mine.textfsm beside the check",
        ),
        (
            "(?P<cause>bpduguard)",
            "bpduguard",
            "7: commands.log.parse.regex: has no named group, so it would find nothing: write (?P<name>…)",
        ),
        (
            "(?P<cause>bpduguard)",
            "(?P<cause>",
            (
                "7: commands.log.parse.regex: '(?P<cause>' is not a regular expression: missing ), "
                "unterminated subpattern at position 0"
            ),
        ),
        (
            "link: interface[0]",
            "link: interfaec[0]",
            (
                "10: facts.link: 'interfaec[0].link_status | lower' uses 'interfaec', which is neither a command nor "
                "a fact; did you mean 'interface'?"
            ),
        ),
        (
            "| lower",
            "| lowre",
            (
                "10: facts.link: 'interface[0].link_status | lowre' is not an expression: No filter named 'lowre'.; "
                "did you mean 'lower'?"
            ),
        ),
        (
            "link == 'up'",
            "link is serach('up')",
            (
                "12: verdict[0].when: \"link is serach('up')\" is not an expression: No test named 'serach'.; "
                "did you mean 'search'?"
            ),
        ),
        (
            "link == 'up'",
            "link = 'up'",
            "12: verdict[0].when: \"link = 'up'\" is not an expression: chunk after expression",
        ),
        (
            "link == 'up'",
            "lnk == 'up'",
            (
                "12: verdict[0].when: \"lnk == 'up'\" uses 'lnk', which is neither a command nor a fact; "
                "did you mean 'link'?"
            ),
        ),
        ("is {link}", "is {lnk}", "14: verdict[0].reason: there is no placeholder {lnk}; did you mean 'link'?"),
        (
            "  - when: link == 'up'\n    outcome",
            "  - outcome",
            "12: verdict[0]: has no `when`, so the rules after it could never apply: put it last",
        ),
        (
            "from: interface",
            "from: interfaces",
            "18: evidence[0].from: 'interfaces' is none of the commands; did you mean 'interface'?",
        ),
        ("  link:", "  interface:", "10: facts.interface: 'interface' is a command already"),
        ("  link:", "  ifindex:", "10: facts.ifindex: 'ifindex' is a placeholder already"),
        ("facts:\n", "facts:\n  link: log.cause\n", "11: facts.link: is given twice, first in line 10"),
        ("verdict:\n", "verdict: [\n", "12: is not YAML: did not find expected node content"),
        (
            "run: show logging\n",
            'run: "show logging\\nreload"\n',
            (
                "6: commands.log.run: must be one line of command, or a list of them of which the first that can be "
                "filled is run, not 'show logging\\nreload'"
            ),
        ),
        (
            "commands:\n",
            "find_subject: {run: show snmp, match: '(?P<name>x)'}\ncommands:\n",
            "1: find_subject.match: must contain {ifindex}, or any interface would do",
        ),
        (
            "commands:\n",
            "find_subject: {run: show snmp, match: 'x {ifindex}'}\ncommands:\n",
            "1: find_subject.match: has no group (?P<name>…) that holds the interface's name",
        ),
    ],
)
def test_a_mistake_should_be_one_line_that_names_place_and_remedy(tmp_path, old, new, expected):
    assert old in GOOD
    assert error_of(tmp_path, GOOD.replace(old, new, 1)) == expected


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n", "42\n"])
def test_what_is_no_mapping_should_be_refused(tmp_path, text):
    assert error_of(tmp_path, text) == "1: must be a mapping with the keys commands, facts and verdict"


def test_a_file_that_is_not_there_should_be_said(tmp_path):
    with pytest.raises(CheckError, match=r"ios\.yml:1: cannot be read: No such file or directory"):
        load(tmp_path / "interface_down" / "ios.yml")


def test_a_file_that_is_no_text_should_be_said_with_its_line(tmp_path):
    file = write(tmp_path, "")
    file.write_bytes(b"commands:\n  \xff\xfe\n")
    with pytest.raises(CheckError, match=r":2: is not UTF-8 text"):
        load(file)


def test_yaml_that_builds_objects_should_not_run(tmp_path):
    message = error_of(tmp_path, "commands: !!python/object/apply:os.system ['true']\n")
    assert "is not YAML" in message


def test_a_template_of_the_sites_own_should_be_compiled_at_load(tmp_path):
    text = GOOD.replace("{regex: '(?P<cause>bpduguard)'}", "{textfsm: mine.textfsm}")
    (write(tmp_path, text).parent / "mine.textfsm").write_text("Value A (\\S+)\n\nStart\n  ^${B} -> Record\n")
    with pytest.raises(CheckError, match=r":7: commands\.log\.parse\.textfsm: mine is not a TextFSM template: "):
        load(tmp_path / "interface_down" / "ios.yml")


def test_the_schema_should_itself_be_a_schema():
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(yaml.safe_load(GOOD))


BASE = """\
subject: interface
commands:
  log: {run: show logging, optional: true}
facts:
  bad: link == 'down'
verdict:
  - {when: bad, outcome: confirmed, reason: "{interface} is down", summary: down, severity: critical}
  - {outcome: cleared, reason: "{interface} is up"}
"""
ON_TOP = """\
commands:
  interface: {run: "show {interface}", parse: {regex: 'is (?P<link>up|down)'}}
facts:
  link: interface.link
"""


def place(folder, name, text):
    file = folder / f"{name}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_what_a_check_does_not_say_should_be_as_in_the_defaults_of_its_problem(tmp_path):
    place(tmp_path, "interface_down/defaults", BASE)
    check = load(place(tmp_path, "interface_down/acme", ON_TOP))
    assert [command.name for command in check.commands] == ["log", "interface"]
    assert [name for name, _ in check.facts] == ["link", "bad"], "a fact stands after those it uses"
    assert [rule.outcome for rule in check.rules] == ["confirmed", "cleared"]
    assert (check.rules[0].summary, check.rules[0].severity) == ("down", "critical")


def test_the_defaults_of_a_problem_may_extend_those_of_another(tmp_path):
    place(tmp_path, "interface_down/defaults", BASE)
    place(tmp_path, "line_protocol_down/defaults", "extends: interface_down/defaults\nsubject: line\n")
    check = load(place(tmp_path, "line_protocol_down/acme", ON_TOP))
    assert (check.subject, [rule.outcome for rule in check.rules]) == ("line", ["confirmed", "cleared"])


def test_a_variant_should_say_only_what_differs(tmp_path):
    place(tmp_path, "interface_down/defaults", BASE)
    place(tmp_path, "interface_down/acme", ON_TOP)
    variant = "extends: acme\ncommands:\n  interface: {run: 'display {interface}'}\n"
    check = load(place(tmp_path, "interface_down/acme_old", variant))
    command = next(command for command in check.commands if command.name == "interface")
    assert command.forms == ("display {interface}",)
    assert command.parser is not None
    assert (check.os, len(check.rules)) == ("acme_old", 2)


def test_when_a_check_extends_one_of_another_problem_the_defaults_of_its_own_should_count_more(tmp_path):
    place(tmp_path, "interface_down/defaults", BASE)
    place(tmp_path, "interface_down/acme", ON_TOP)
    own = "facts:\n  bad: \"'never'\"\nverdict:\n  - {outcome: expected, reason: x}\n"
    place(tmp_path, "interface_slow/defaults", own)
    extends = "extends: interface_down/acme\ncommands:\n  speed: {run: show speed}\n"
    check = load(place(tmp_path, "interface_slow/acme", extends))
    assert [command.name for command in check.commands] == ["log", "interface", "speed"]
    assert {name: fact.source for name, fact in check.facts}["bad"] == "'never'"
    assert [rule.outcome for rule in check.rules] == ["expected"]


def test_when_two_problems_extend_each_other_it_should_be_a_mistake_and_no_endless_search(tmp_path):
    place(tmp_path, "interface_slow/defaults", "extends: interface_down/acme\n")
    place(tmp_path, "interface_slow/acme", ON_TOP)
    check = place(tmp_path, "interface_down/acme", "extends: interface_slow/acme\n")
    with pytest.raises(CheckError, match="or it extends this one"):
        load(check)


def test_a_check_of_the_sites_own_may_extend_the_shipped_one_of_its_name(tmp_path):
    place(tmp_path / "shipped", "interface_down/defaults", BASE)
    place(tmp_path / "shipped", "interface_down/acme", ON_TOP)
    own = place(
        tmp_path / "own", "interface_down/acme", "extends: acme\nverdict:\n  - {outcome: expected, reason: x}\n"
    )
    check = load(own, (tmp_path / "own", tmp_path / "shipped"))
    assert [rule.outcome for rule in check.rules] == ["expected"]
    assert len(check.commands) == 2


def test_a_mistake_below_should_name_the_file_it_is_in(tmp_path):
    below = place(tmp_path, "interface_down/defaults", BASE.replace("outcome: cleared", "outcome: clear"))
    with pytest.raises(CheckError) as caught:
        load(place(tmp_path, "interface_down/acme", ON_TOP))
    assert str(caught.value).startswith(f"{below}:8: verdict[1].outcome: 'clear' is none of its values")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("extends: nosuch\n", "1: extends: there is no check 'nosuch', or it extends this one"),
        ("extends: acme\n", "1: extends: there is no check 'acme', or it extends this one"),
        ("extends: ../../etc/passwd\n", "1: extends: must name another check: ios, or interface_down/ios, not "),
        ("extends: [ios]\n", "1: extends: must name another check: ios, or interface_down/ios, not ['ios']"),
        (GOOD.replace("facts:\n", "facts:\n  a: b\n  b: a\n"), "10: facts.a: is worked out from itself: a ← b ← a"),
        (GOOD.replace("facts:\n", "facts:\n  peer: '1'\n"), "10: facts.peer: 'peer' is a placeholder already"),
        (
            GOOD.replace("{regex: '(?P<cause>bpduguard)'}", "{ttp: mine.ttp}"),
            "7: commands.log.parse.ttp: there is no template mine.ttp beside the check",
        ),
        (
            GOOD.replace("{regex: '(?P<cause>bpduguard)'}", "{xml: {list: [a]}}"),
            "7: commands.log.parse.xml.list: no such key; did you mean 'lists'?",
        ),
        (
            GOOD.replace("run: show logging", "run: ['show {vfr}', show logging]"),
            "6: commands.log.run: there is no placeholder {vfr}; did you mean 'vrf'?",
        ),
        (
            GOOD.replace("run: show logging", "run: 'show {name}'"),
            "6: commands.log.run: there is no placeholder {name}",
        ),
        (GOOD.replace("optional: true", "none: '('"), "8: commands.log.none: '(' is not a regular expression"),
    ],
)
def test_a_mistake_in_what_is_new_should_be_one_line_too(tmp_path, text, problem):
    file = place(tmp_path, "interface_down/acme", text)
    with pytest.raises(CheckError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}:{problem}")
