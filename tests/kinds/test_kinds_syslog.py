"""What a syslog line means: found by tag or program, told by patterns on RE2; and what can be wrong in an entry."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.event import Subject
from fannel.kinds.classify import Kinds
from fannel.kinds.document import KindsError
from fannel.kinds.facts import canonical_address
from fannel.kinds.syslog import tag_key
from fannel.wire.syslog import SyslogMessage, parse

NOW = datetime(2026, 11, 14, 8, 31, tzinfo=UTC)
ACME = """\
os: acmeos
syslog:
  - tag: ACME-3-FAULT
    pattern: '^fault (?P<code>\\d+) in slot (?P<slot>\\d+) of (?P<interface>\\S+)'
    kind: acme_fault
    problem: acme_fault
    phase: raise
    severity: major
    subject: {type: acme_part, name: '{slot}/{code}'}
"""


@pytest.fixture(scope="module")
def kinds():
    return Kinds.load()


@pytest.fixture
def kinds_of(tmp_path):
    def load(text):
        (tmp_path / "site.yml").write_text(text)
        return Kinds.load([tmp_path])

    return load


@pytest.fixture
def complaint(kinds_of, tmp_path):
    def load(text):
        with pytest.raises(KindsError) as caught:
            kinds_of(text)
        message = str(caught.value)
        assert "\n" not in message
        return message.removeprefix(f"{tmp_path}/")

    return load


def line(text):
    return parse(text, received_at=NOW, zone=UTC)


def test_an_engineer_adds_a_message_of_a_new_os_in_less_than_ten_lines_of_yaml(kinds_of):
    found = kinds_of(ACME).classify_syslog(line("<187>a1: %ACME-3-FAULT: fault 7 in slot 2 of Gi0/1"), "acmeos")
    assert len(ACME.splitlines()) < 10
    assert (found.kind, found.phase, found.severity) == ("acme_fault", "raise", "major")
    assert found.subject == Subject(type="acme_part", name="2/7", interface="GigabitEthernet0/1")


@pytest.mark.parametrize(
    "tag",
    [
        *("LINK-3-UPDOWN", "LINK-5-UPDOWN", "LINK-SP-3-UPDOWN", "LINK-SW2-3-UPDOWN", "LINK-SW1_STBY-3-UPDOWN"),
        "LINK-SLOT2-3-UPDOWN",
    ],
)
def test_neither_the_severity_nor_the_card_in_a_tag_matters(kinds, tag):
    found = kinds.classify_syslog(line(f"<187>1: %{tag}: Interface Gi0/1, changed state to down"), "ios")
    assert found.kind == "interface_down"


@pytest.mark.parametrize(
    ("tag", "key"),
    [
        ("PKT_INFRA-LINK-3-UPDOWN", "PKT_INFRA-LINK-UPDOWN"),
        ("L2-BFD-6-SESSION_STATE_DOWN", "L2-BFD-SESSION_STATE_DOWN"),
        ("IFNET/4/IF_STATE", "IFNET/IF_STATE"),
        ("VSHD-5-VSHD_SYSLOG_CONFIG_I", "VSHD-VSHD_SYSLOG_CONFIG_I"),
        ("SNMP_TRAP_LINK_DOWN", "SNMP_TRAP_LINK_DOWN"),
        ("ADJCHANGE", "ADJCHANGE"),
    ],
)
def test_the_rest_of_a_tag_does(tag, key):
    assert tag_key(tag) == key


def test_what_no_entry_is_for_is_unknown_told_apart_by_its_tag_and_as_severe_as_it_says(kinds):
    found = kinds.classify_syslog(line("<186>a1: %ACME-2-GONE: it is gone"), "ios")
    assert (found.kind, found.problem, found.phase, found.severity) == (
        *("unknown_syslog", "unknown_syslog"),
        *("info", "major"),
    )
    assert found.subject == Subject(type="message", name="ACME-2-GONE")


def test_without_a_tag_it_is_told_apart_by_its_program(kinds):
    assert kinds.classify_syslog(line("<30>Nov 14 08:30:56 a1 acmed[1]: hello"), "frr").subject.name == "acmed"


def test_a_known_tag_with_other_words_is_unknown(kinds):
    found = kinds.classify_syslog(line("<187>1: %LINK-3-UPDOWN: Interface Gi0/1, changed state to testing"), "ios")
    assert found.kind == "unknown_syslog"


def test_a_line_is_not_what_it_would_be_on_another_os(kinds):
    assert kinds.classify_syslog(
        line("<187>1: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down"), "junos"
    ).kind == ("unknown_syslog")


def test_a_sites_entry_goes_before_the_shipped_ones(kinds_of):
    kinds = kinds_of("""\
os: ios
syslog:
  - tag: LINK-3-UPDOWN
    pattern: '^Interface (?P<name>Gi1/0/\\d+), changed state to down'
    kind: interface_down
    severity: info
""")
    down = "<187>1: %LINK-3-UPDOWN: Interface {}, changed state to down"
    assert kinds.classify_syslog(line(down.format("Gi1/0/7")), "ios").severity == "info"
    assert kinds.classify_syslog(line(down.format("Te1/1/1")), "ios").severity == "critical"


@pytest.mark.parametrize(
    ("good", "bad", "number", "said"),
    [
        ("(?P<code>\\d+)", "(?P<code>\\d+", 4, "pattern: RE2 refuses it: missing ):"),
        ("^fault", "(?=fault)", 4, "pattern: RE2 refuses it: invalid perl operator: (?= (it has no look-around and no"),
        ("^fault", "(fault)\\1", 4, "pattern: RE2 refuses it: invalid escape sequence: \\1"),
        ("?P<interface>", "?P<interfce>", 4, "pattern: 'interfce' is no fact of a subject; did you mean 'interface'?"),
        ("?P<interface>", "?P<port>", 4, "pattern: 'port' is no fact of a subject; facts are name, ifindex,"),
        ("{slot}/{code}", "{slot}/{cod}", 9, "subject: no pattern has a group 'cod'; did you mean 'code'?"),
        ("kind: acme_fault", "kind: interface_down", 6, "problem: kind 'interface_down' is defined with"),
        ("    problem: acme_fault\n", "", 3, "'problem' is missing, and no kind 'acme_fault' is defined"),
        ("    tag: ACME-3-FAULT\n", "", 4, "'tag' is missing"),
        ("tag: ACME", "tga: ACME", 3, "unknown key 'tga'; did you mean 'tag'?"),
        ("os: acmeos\n", "", 2, "'os' is missing: say it here, or once at the top of the file"),
        ("    subject: {type: acme_part, name: '{slot}/{code}'}\n", "", 3, "'subject' is missing"),
        ("phase: raise", "phase: rise", 7, "phase: 'rise' is not one of raise, clear, info; did you mean 'raise'?"),
    ],
)
def test_a_mistake_is_said_with_file_line_and_remedy(complaint, good, bad, number, said):
    text = ACME.replace("  - tag", "  -\n    tag") if good.startswith("    tag") else ACME
    assert good in text
    message = complaint(text.replace(good, bad))
    assert said in message
    assert message.startswith(f"site.yml:{number}: ")


def test_a_kind_that_speaks_of_another_thing_is_refused(complaint):
    text = "os: ios\nsyslog:\n  - {tag: ACME-3-FAULT, kind: interface_down, subject: card}\n"
    assert complaint(text) == "site.yml:3: subject: a interface_down is about a subject of type 'interface', not 'card'"


@pytest.mark.parametrize("again", ["same pattern", "no pattern"])
def test_an_entry_that_is_never_reached_is_refused(complaint, again):
    second = ACME.partition("syslog:\n")[2]
    if again == "same pattern":
        assert complaint(ACME + second) == "site.yml:10: never reached: line 3 has the same pattern"
    else:
        pattern = next(text for text in ACME.splitlines(keepends=True) if "pattern" in text)
        first = ACME.replace(pattern, "").replace(", name: '{slot}/{code}'", "")
        assert complaint(first + second) == (
            "site.yml:9: never reached: line 3 takes every ACME-FAULT of acmeos before it"
        )


def test_a_pattern_that_blows_up_other_engines_takes_no_time(kinds_of):
    """`(a|a)*b` takes Python's `re` longer than the universe is old here; RE2's time is linear in the text."""
    kinds = kinds_of(ACME.replace("^fault (?P<code>\\d+)", "^(?:(?:a|a)*)*b(?P<code>\\d+)"))
    message = SyslogMessage(message="a" * 100_000, format="ios", tag="ACME-3-FAULT")
    start = time.process_time()
    assert kinds.classify_syslog(message, "acmeos").kind == "unknown_syslog"
    assert time.process_time() - start < 5  # a thousandth of it would do


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2001:DB8:0:0::9", "2001:db8::9"),
        ("192.0.2.9", "192.0.2.9"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("eth1", "eth1"),
        ("a:b", "a:b"),
        (":" * 70, ":" * 70),
    ],
)
def test_an_address_has_one_spelling(said, kept):
    assert canonical_address(said) == kept


_SHIPPED = Kinds.load()
_TAGS = st.one_of(st.none(), st.sampled_from(["LINK-3-UPDOWN", "BGP-5-ADJCHANGE", "SNMP_TRAP_LINK_DOWN"]), st.text())
_TEXTS = st.one_of(
    st.text(max_size=200), st.just("neighbor \ud800 Down"), st.just("Interface \x00, changed state to up")
)


@settings(deadline=None)  # the machine may be busy
@given(tag=_TAGS, text=_TEXTS, program=st.one_of(st.none(), st.sampled_from(["kernel", "alarmd"]), st.text()))
@pytest.mark.parametrize("os", ["ios", "junos", "frr", None, ""])
def test_any_message_has_a_meaning(os, tag, text, program):
    found = _SHIPPED.classify_syslog(SyslogMessage(message=text, format="free", tag=tag, app_name=program), os)
    assert found.kind
    assert found.subject.ifindex is None or 0 < found.subject.ifindex < 2**31
