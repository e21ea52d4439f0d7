"""Kinds files that are wrong: one line that names file, line, key and what was meant."""

import itertools

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.kinds.classify import Kinds
from fannel.kinds.compile import schema, shipped_files
from fannel.kinds.document import KindsError

GOOD = """\
traps:
  - notification: BGP4-MIB::bgpBackwardTransition
    when: {bgpPeerState: [idle, active]}
    kind: acme_neighbor_down
    problem: acme_neighbor_down
    phase: raise
    severity: critical
    subject: {type: bgp_peer, name: {index: bgpPeerRemoteAddr}}
"""


@pytest.fixture
def complaint(tmp_path):
    def load(text):
        (tmp_path / "site.yml").write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(KindsError) as caught:
            Kinds.load([tmp_path])
        message = str(caught.value)
        assert "\n" not in message
        assert message.startswith(str(tmp_path / "site.yml"))
        return message.removeprefix(f"{tmp_path}/")

    return load


def test_the_good_example_loads(tmp_path):
    (tmp_path / "site.yml").write_text(GOOD)
    Kinds.load([tmp_path])


SUBJECT = "{type: bgp_peer, name: {index: bgpPeerRemoteAddr}}"


@pytest.mark.parametrize(
    ("good", "bad", "line", "said"),
    [
        ("severity:", "severty:", 7, "unknown key 'severty'; did you mean 'severity'?"),
        ("severity: critical", "severity: critcal", 7, "severity: 'critcal' is not one of critical, major, minor"),
        ("severity: critical", "severity: critcal", 7, "did you mean 'critical'?"),
        ("    phase: raise\n", "", 2, "'phase' is missing, and no kind 'acme_neighbor_down' is defined"),
        ("kind: acme_neighbor_down", "kind: BGP down", 4, "kind: 'BGP down' will not do here; wanted: a word of small"),
        ("traps:", "trap:", 1, "unknown key 'trap'; did you mean 'traps'?"),
        ("Transition", "Transitoin", 2, "no MIB known here has a notification 'BGP4-MIB::bgpBackwardTransitoin'"),
        ("Transition", "Transitoin", 2, "did you mean 'BGP4-MIB::bgpBackwardTransition'?"),
        ("BGP4-MIB::bgpBackwardTransition", "ACME-MIB::zzz", 2, "compile its MIB, or write its OID"),
        ("BGP4-MIB::bgpBackwardTransition", "IF-MIB::ifDescr", 2, "has a notification 'IF-MIB::ifDescr'"),
        ("{bgpPeerState:", "{bgpPeerStat:", 3, "has a varbind 'bgpPeerStat'; did you mean"),
        ("[idle, active]", "[idle, activ]", 3, "bgpPeerState is never 'activ'; did you mean 'active'?"),
        ("[idle, active]", "[1]", 3, "bgpPeerState is never 1; did you mean 'idle'?"),
        ("[idle, active]", "[gone]", 3, "bgpPeerState is never 'gone'; it is one of idle, connect"),
        ("[idle, active]", "{pattern: '('}", 3, "pattern: RE2 refuses it: missing )"),
        (
            "[idle, active]",
            "{pattern: '(?P<nam>.)'}",
            3,
            "pattern: 'nam' is no fact of a subject; did you mean 'name'?",
        ),
        ("[idle, active]", "{patern: a}", 3, "unknown key 'patern'; did you mean 'pattern'?"),
        ("[idle, active]", "on", 3, "bgpPeerState: YAML reads this word as true; put quotes around it"),
        ("[idle, active]", "[]", 3, "bgpPeerState: [] will not do here; wanted: a value or a list of values"),
        ("{index: bgpPeerRemoteAddr}", "{index: bgpPeerAddr}", 8, "has a varbind 'bgpPeerAddr'; did you mean"),
        ("{index: bgpPeerRemoteAddr}", "{indx: bgpPeerRemoteAddr}", 8, "unknown key 'indx'; did you mean 'index'?"),
        (SUBJECT, "interfce", 8, "subject: no subject 'interfce' is defined; did you mean 'interface'?"),
        (SUBJECT, "{name: ifDescr}", 8, "subject: 'type' is missing"),
        ("    kind: acme_neighbor_down\n", "    kind: a\n    kind: b\n", 5, "'kind' is already said above"),
        ("{bgpPeerState:", "{15: 1, bgpPeerState:", 3, "15 will not do here; wanted: a name as key"),
        ("traps:", "traps: [", 2, "not YAML: "),
    ],
)
def test_a_mistake_is_said_with_file_line_key_and_remedy(complaint, good, bad, line, said):
    assert good in GOOD
    message = complaint(GOOD.replace(good, bad))
    assert message.startswith(f"site.yml:{line}: ")
    assert said in message


_LAUGHS = "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in itertools.pairwise("abcdefghij"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "None will not do here; wanted: a mapping with 'kinds', 'subjects', 'traps' and 'syslog'"),
        ("- a\n", "will not do here; wanted: a mapping"),
        (b"\xff\xfe\x00", "not a text file in UTF-8"),
        ("a\0b", "not a text file in UTF-8"),
        ("traps: !!python/object:os.system {}\n", "not YAML"),
        ("traps: &a [*a]\n", "nested too deeply"),
        ("? [a, b]\n: c\n", "a key must be a word"),
        ("a: &a [x, x, x, x, x, x, x, x, x]\n" + _LAUGHS, "aliases that multiply"),
        ("--- {}\n--- {}\n", "not YAML"),
        ("traps: " + "[" * 3000 + "]" * 3000, "nested too deeply"),
        (
            "subjects: {interface: {type: interface}}\n",
            "subject 'interface' is already defined; give this one another name",
        ),
    ],
)
def test_what_is_no_kinds_file_is_refused_in_one_line(complaint, text, said):
    assert said in complaint(text)


def test_an_entry_that_can_never_apply_is_refused(complaint):
    always = GOOD.replace("    when: {bgpPeerState: [idle, active]}\n", "")
    again = GOOD.removeprefix("traps:\n")
    assert complaint(always + again) == (
        "site.yml:8: never reached: line 2 takes every BGP4-MIB::bgpBackwardTransition before it"
    )


def test_a_missing_directory_is_refused(tmp_path):
    with pytest.raises(KindsError, match="no such directory of kinds files"):
        Kinds.load([tmp_path / "nowhere"])


def test_every_shipped_file_names_the_schema_beside_it():
    for file in shipped_files():
        assert "$schema=kinds.schema.json" in file.read_text(encoding="utf-8").splitlines()[0]


def test_the_schema_itself_describes_every_object_it_accepts():
    assert schema()["additionalProperties"] is False
    for file in shipped_files():
        assert set(yaml.safe_load(file.read_text(encoding="utf-8"))) <= set(schema()["properties"])


_WORDS = st.sampled_from(
    ["traps", "subjects", "notification", "when", "kind", "problem", "phase", "severity", "subject", "type", "name",
     "syslog", "kinds", "os", "tag", "program", "pattern", "(?P<name>a)", "(", "{name}", "{ifDescr}", "interface_down",
     "index", "interface", "IF-MIB::linkDown", "ifDescr", "ifAdminStatus", "up", "raise", "info", "1.3.6", "", "\0"]
)  # fmt: skip
_SCALARS = st.one_of(_WORDS, st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=5))
_ANY_YAML = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_SCALARS, inner, max_size=4)),
    max_leaves=12,
)
_NEARLY_GOOD = st.fixed_dictionaries(
    {
        **{key: st.just("info") for key in ("kind", "problem", "phase", "severity")},
        "notification": st.just("IF-MIB::linkDown"),
        "subject": _ANY_YAML | st.fixed_dictionaries({"type": _WORDS, "name": _ANY_YAML}),
    },
    optional={"when": _ANY_YAML},
)


@settings(deadline=None)  # the machine may be busy
@given(st.one_of(_ANY_YAML, st.fixed_dictionaries({"traps": st.lists(_NEARLY_GOOD, min_size=1, max_size=2)})))
def test_any_yaml_loads_or_is_refused_in_one_line(tmp_path_factory, data):
    site = tmp_path_factory.getbasetemp() / "any"
    site.mkdir(exist_ok=True)
    (site / "site.yml").write_text(yaml.safe_dump(data))
    said = ""
    try:
        Kinds.load([site])
    except KindsError as error:
        said = str(error)
    assert "\n" not in said
    assert not said or said.startswith(str(site / "site.yml"))
