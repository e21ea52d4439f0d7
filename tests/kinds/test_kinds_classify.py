"""What a notification means: conditions, order, where a subject's facts come from, and what nobody mapped."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.event import Subject
from fannel.kinds.classify import Classification, Kinds
from fannel.naming.catalogue import Notification, VarBind

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
BGP_BACKWARD = "1.3.6.1.2.1.15.0.2"


@pytest.fixture(scope="module")
def kinds():
    return Kinds.load()


@pytest.fixture
def kinds_of(tmp_path):
    def load(text):
        (tmp_path / "site.yml").write_text(text)
        return Kinds.load([tmp_path])

    return load


def varbind(name, value, **indices):
    return VarBind(oid="1.3", raw=None, name=name, instance="3", value=value, indices=tuple(indices.items()))


def notification(*varbinds, oid=LINK_DOWN, name="IF-MIB::linkDown"):
    return Notification(oid, name, varbinds)


def subject_of(kinds, *varbinds):
    return kinds.classify(notification(*varbinds)).subject


def test_a_link_down_is_an_interface_down_that_is_raised(kinds):
    assert kinds.classify(
        notification(varbind("ifIndex", 3), varbind("ifDescr", "Gi0/1"), varbind("ifAlias", "to rt02")),
    ) == Classification(
        kind="interface_down",
        problem="interface_down",
        phase="raise",
        severity="critical",
        subject=Subject(type="interface", name="GigabitEthernet0/1", ifindex=3, description="to rt02"),
    )


@pytest.mark.parametrize(
    "said",
    [
        ("ifAdminStatus", "down"),
        ("locIfReason", "administratively down"),
        ("cieIfStateChangeReason", "administratively down"),
    ],
)
def test_a_link_that_was_shut_down_is_less_severe_but_raised(kinds, said):
    found = kinds.classify(notification(varbind("ifIndex", 3), varbind(*said)))
    assert (found.kind, found.phase, found.severity) == ("interface_down", "raise", "warning")


def test_down_and_up_have_the_same_problem_and_subject(kinds):
    down = kinds.classify(notification(varbind("ifIndex", 3), varbind("ifDescr", "Gi0/1")))
    up = kinds.classify(
        notification(
            varbind("ifIndex", 3), varbind("ifDescr", "Gi0/1"), oid="1.3.6.1.6.3.1.1.5.4", name="IF-MIB::linkUp"
        ),
    )
    assert (down.problem, down.subject) == (up.problem, up.subject)
    assert (down.phase, up.phase) == ("raise", "clear")


def test_the_name_comes_from_if_name_before_if_descr(kinds):
    assert subject_of(kinds, varbind("ifDescr", "port 1"), varbind("ifName", "ge-0/0/0")).name == "ge-0/0/0"


def test_an_empty_name_is_no_name(kinds):
    assert subject_of(kinds, varbind("ifName", " "), varbind("ifDescr", "ge-0/0/0")).name == "ge-0/0/0"
    assert subject_of(kinds, varbind("ifDescr", None)).name is None


def test_without_an_if_index_varbind_the_index_of_any_other_says_it(kinds):
    assert subject_of(kinds, varbind("ifDescr", "eth1", ifIndex=7)).ifindex == 7


@pytest.mark.parametrize("value", ["three", None, 0, -1, 2**31, 2**64, 1.5])
def test_what_cannot_be_an_if_index_is_none(kinds, value):
    assert subject_of(kinds, varbind("ifIndex", value)).ifindex is None


def test_a_subject_without_name_is_told_apart_by_its_index(kinds):
    assert subject_of(kinds, varbind("ifIndex", 3)).key == "ifindex-3"


def test_a_name_of_hostile_length_is_cut(kinds):
    subject = subject_of(kinds, varbind("ifDescr", "x" * 60_000), varbind("ifAlias", "y" * 60_000))
    assert len(subject.name) == len(subject.description) == 255


def test_the_first_of_two_varbinds_of_one_name_counts(kinds):
    assert subject_of(kinds, varbind("ifDescr", "eth1"), varbind("ifDescr", "eth2")).name == "eth1"


def test_what_nobody_mapped_is_an_unknown_trap_told_apart_by_its_name(kinds):
    found = kinds.classify(notification(oid="1.3.6.1.4.1.99999.0.1", name="1.3.6.1.4.1.99999.0.1"))
    assert found == Classification(
        kind="unknown_trap",
        problem="unknown_trap",
        phase="info",
        severity="info",
        subject=Subject(type="notification", name="1.3.6.1.4.1.99999.0.1"),
    )


BGP = """
traps:
  - notification: [BGP4-MIB::bgpBackwardTransNotification, BGP4-MIB::bgpBackwardTransition]
    when: {bgpPeerState: [idle, active]}
    kind: acme_neighbor_down
    problem: acme_neighbor_down
    phase: raise
    severity: critical
    subject: {type: bgp_peer, name: {index: bgpPeerRemoteAddr}, peer: bgpPeerRemoteAddr}
"""


def test_an_engineer_adds_a_trap_in_less_than_ten_lines_of_yaml(kinds_of):
    kinds = kinds_of(BGP)
    trap = notification(
        varbind("bgpPeerRemoteAddr", "0.0.0.0", bgpPeerRemoteAddr="198.19.0.2"),
        varbind("bgpPeerState", "active"),
        oid=BGP_BACKWARD,
    )
    assert len(BGP.strip().splitlines()) < 10
    assert kinds.classify(trap).subject == Subject(type="bgp_peer", name="198.19.0.2", peer="0.0.0.0")


def test_when_no_condition_holds_the_trap_stays_unknown(kinds_of):
    kinds = kinds_of(BGP.replace("BGP4-MIB::bgpBackwardTransNotification", "1.3.6.1.4.1.99999.0.1"))
    for varbinds in ([varbind("bgpPeerState", "established")], []):
        assert kinds.classify(notification(*varbinds, oid="1.3.6.1.4.1.99999.0.1", name="x")).kind == "unknown_trap"


def test_all_conditions_of_one_alternative_must_hold(kinds_of):
    kinds = kinds_of("""
traps:
  - notification: 1.3.6.1.4.1.99999.0.1
    when: [{1.3.6.1.4.1.99999.1: 5, ifDescr: eth1}, {ifAlias: core}]
    kind: acme_fault
    problem: acme_fault
    phase: raise
    severity: major
    subject: device
""")

    def kind(*varbinds):
        return kinds.classify(notification(*varbinds, oid="1.3.6.1.4.1.99999.0.1")).kind

    assert kind(varbind("1.3.6.1.4.1.99999.1", 5)) == "unknown_trap"
    assert kind(varbind("1.3.6.1.4.1.99999.1", 5), varbind("ifDescr", "eth1")) == "acme_fault"
    assert kind(varbind("ifAlias", "core")) == "acme_fault"


def test_a_sites_entry_goes_before_the_shipped_ones(kinds_of):
    kinds = kinds_of("""
traps:
  - notification: IF-MIB::linkDown
    when: {ifAlias: customer port}
    kind: customer_port_down
    problem: interface_down
    phase: raise
    severity: info
    subject: interface
""")
    assert kinds.classify(notification(varbind("ifAlias", "customer port"))).kind == "customer_port_down"
    assert kinds.classify(notification(varbind("ifAlias", "core"))).kind == "interface_down"


_SHIPPED = Kinds.load()
_VALUES = st.one_of(st.none(), st.integers(), st.text(max_size=20), st.floats(allow_nan=False))


@settings(deadline=None)  # the machine may be busy
@given(
    oid=st.sampled_from([LINK_DOWN, "1.3.6.1.6.3.1.1.5.5", "1.3.6.1.4.1.9.9.276.0.1", "1.3.6.1.4.1.1"]),
    varbinds=st.lists(
        st.tuples(st.sampled_from(["ifIndex", "ifName", "ifDescr", "ifAlias", "authAddr"]), _VALUES), max_size=6
    ),
)
def test_any_values_give_a_subject_of_the_promised_types(oid, varbinds):
    subject = _SHIPPED.classify(notification(*(varbind(*pair) for pair in varbinds), oid=oid)).subject
    assert subject.ifindex is None or 0 < subject.ifindex < 2**31
    assert all(text is None or 0 < len(text) <= 255 for text in (subject.description, subject.peer))


DOM = """
traps:
  - notification: IF-MIB::linkDown
    when: {ifDescr: {pattern: 'Sensor for (?P<name>\\S+)'}, ifIndex: 3}
    kind: optics_threshold
    subject: {type: interface, name: ifName, ifindex: ifIndex}
"""


def test_when_a_pattern_is_found_in_a_varbind_its_groups_are_facts_and_count_more_than_a_place(kinds_of):
    sent = notification(varbind("ifDescr", "DOM Sensor for Et1"), varbind("ifIndex", 3), varbind("ifName", "Et9"))
    found = kinds_of(DOM).classify(sent)
    assert (found.kind, found.subject) == ("optics_threshold", Subject("interface", name="Ethernet1", ifindex=3))


@pytest.mark.parametrize(
    "sent",
    [
        (varbind("ifDescr", "Cpu sensor"), varbind("ifIndex", 3)),
        (varbind("ifDescr", "DOM Sensor for Et1"), varbind("ifIndex", 4)),
        (varbind("ifDescr", None), varbind("ifIndex", 3)),
        (varbind("ifDescr", 7), varbind("ifIndex", 3)),
        (varbind("ifIndex", 3),),
    ],
)
def test_when_a_pattern_or_another_condition_does_not_hold_the_next_entry_is_tried(kinds_of, sent):
    assert kinds_of(DOM).classify(notification(*sent)).kind == "interface_down"
