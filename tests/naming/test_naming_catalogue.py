"""Whole notifications named: what real agents send, what nobody knows, and whatever may come."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.naming.catalogue import Catalogue
from fannel.naming.module import CatalogueError
from fannel.wire.snmp import Message, ValueType, WireVarBind

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue.load()


def message(*varbinds, trap_oid=LINK_DOWN):
    return Message(
        version="2c", community=b"public", pdu="trap", request_id=1, trap_oid=trap_oid, uptime_ticks=1,
        agent_address=None, enterprise=None, varbinds=tuple(WireVarBind(*varbind) for varbind in varbinds),
    )  # fmt: skip


def named(catalogue, *varbind):
    (varbind,) = catalogue.name(message(varbind)).varbinds
    return varbind


def test_a_link_down_reads_as_the_if_mib_has_it(catalogue):
    notification = catalogue.name(
        message(
            ("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 3),
            ("1.3.6.1.2.1.2.2.1.7.3", ValueType.INTEGER, 1),
            ("1.3.6.1.2.1.2.2.1.2.3", ValueType.OCTET_STRING, b"GigabitEthernet0/1"),
        ),
    )
    assert (notification.oid, notification.name) == (LINK_DOWN, "IF-MIB::linkDown")
    assert [(v.name, v.instance, v.value, v.indices) for v in notification.varbinds] == [
        ("ifIndex", "3", 3, (("ifIndex", 3),)),
        ("ifAdminStatus", "3", "up", (("ifIndex", 3),)),
        ("ifDescr", "3", "GigabitEthernet0/1", (("ifIndex", 3),)),
    ]
    assert notification.varbinds[1].raw == 1
    assert notification.get("ifDescr").value == "GigabitEthernet0/1"
    assert notification.get("ifName") is None
    assert notification.index("ifIndex") == 3
    assert notification.index("bgpPeerRemoteAddr") is None


def test_what_no_module_knows_stays_dotted_and_whole(catalogue):
    notification = catalogue.name(
        message(("1.3.6.1.4.1.99999.1.2.3", ValueType.OCTET_STRING, b"hello"), trap_oid="1.3.6.1.4.1.99999.0.7"),
    )
    assert notification.name == notification.oid == "1.3.6.1.4.1.99999.0.7"
    (varbind,) = notification.varbinds
    assert (varbind.name, varbind.instance, varbind.value, varbind.indices) == (varbind.oid, "", "hello", ())
    assert notification.get("1.3.6.1.4.1.99999.1.2.3") is varbind


def test_a_varbind_below_a_known_branch_that_is_no_object_stays_dotted(catalogue):
    assert named(catalogue, "1.3.6.1.2.1.2.2.1.99.3", ValueType.INTEGER, 1).name == "1.3.6.1.2.1.2.2.1.99.3"


def test_an_unknown_trap_below_a_known_branch_stays_dotted(catalogue):
    assert catalogue.name(message(trap_oid="1.3.6.1.4.1.9.9.187.0.99")).name == "1.3.6.1.4.1.9.9.187.0.99"


def test_an_augmenting_row_has_the_index_of_the_row_it_augments(catalogue):
    varbind = named(catalogue, "1.3.6.1.2.1.31.1.1.1.1.502", ValueType.OCTET_STRING, b"ge-0/0/0")
    assert (varbind.name, varbind.value, varbind.indices) == ("ifName", "ge-0/0/0", (("ifIndex", 502),))


def test_a_bgp_peer_is_in_the_index_even_when_the_value_is_lost(catalogue):
    # What FRR sends after the first bgpBackwardTransition (seen on the wire).
    varbind = named(catalogue, "1.3.6.1.2.1.15.3.1.7.198.19.0.2", ValueType.IP_ADDRESS, "0.0.0.0")
    assert (varbind.name, varbind.value) == ("bgpPeerRemoteAddr", "0.0.0.0")
    assert varbind.indices == (("bgpPeerRemoteAddr", "198.19.0.2"),)


def test_the_type_of_an_address_comes_from_the_index_of_its_row(catalogue):
    # cbgpPeer2Entry INDEX { cbgpPeer2Type, cbgpPeer2RemoteAddr }, of an IPv6 peer
    peer = bytes.fromhex("20010db8000000000000000000000002")
    instance = ".".join(map(str, [2, 16, *peer]))
    varbind = named(catalogue, f"1.3.6.1.4.1.9.9.187.1.2.5.1.3.{instance}", ValueType.INTEGER, 6)
    assert (varbind.name, varbind.value) == ("cbgpPeer2State", "established")
    assert varbind.indices == (("cbgpPeer2Type", "ipv6"), ("cbgpPeer2RemoteAddr", "2001:db8::2"))


def test_junos_leaves_out_the_length_of_addresses_in_its_bgp_index(catalogue):
    local, remote = bytes.fromhex("20010db8" + "00" * 11 + "01"), bytes.fromhex("20010db8" + "00" * 11 + "02")
    instance = ".".join(map(str, [0, 2, *local, 2, *remote]))
    varbind = named(catalogue, f"1.3.6.1.4.1.2636.5.1.1.2.1.1.1.11.{instance}", ValueType.OCTET_STRING, remote)
    assert (varbind.name, varbind.value) == ("jnxBgpM2PeerRemoteAddr", "2001:db8::2")
    assert dict(varbind.indices)["jnxBgpM2PeerRemoteAddr"] == "2001:db8::2"


def test_the_type_of_an_address_comes_from_another_varbind_when_no_index_has_it(catalogue):
    address_type = ("1.3.6.1.4.1.9.9.412.1.1.1.0", ValueType.INTEGER, 3)
    address = ("1.3.6.1.4.1.9.9.412.1.1.2.0", ValueType.OCTET_STRING, b"\xc0\x00\x02\x09\x00\x00\x00\x05")
    notification = catalogue.name(message(address_type, address))
    assert [varbind.value for varbind in notification.varbinds] == ["ipv4z", "192.0.2.9%5"]


@pytest.mark.parametrize(
    ("oid", "value_type", "raw", "value"),
    [
        ("1.3.6.1.6.3.1.1.4.3.0", ValueType.OBJECT_IDENTIFIER, "1.3.6.1.4.1.8072.3.2.10", "NET-SNMP-AGENT-MIB::linux"),
        ("1.3.6.1.6.3.1.1.4.1.0", ValueType.OBJECT_IDENTIFIER, "1.3.6.1.2.1.2.2.1.1.3", "IF-MIB::ifIndex.3"),
        ("1.3.6.1.6.3.1.1.4.1.0", ValueType.OBJECT_IDENTIFIER, "1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.1"),
        ("1.3.6.1.2.1.31.1.1.1.6.3", ValueType.COUNTER64, 2**64 - 1, 2**64 - 1),
        ("1.3.6.1.2.1.2.2.1.9.3", ValueType.TIMETICKS, 12345, 12345),
        ("1.3.6.1.2.1.2.2.1.3.3", ValueType.INTEGER, 6, "ethernetCsmacd"),
        ("1.3.6.1.2.1.2.2.1.3.3", ValueType.INTEGER, 99999, 99999),
        ("1.3.6.1.2.1.2.2.1.6.3", ValueType.OCTET_STRING, b"ABCDEF", "41:42:43:44:45:46"),
        ("1.3.6.1.2.1.31.1.1.1.16.3", ValueType.INTEGER, 2, "false"),
        ("1.3.6.1.2.1.2.2.1.2.3", ValueType.NO_SUCH_INSTANCE, None, None),
        ("1.3.6.1.2.1.2.2.1.2.3", ValueType.INTEGER, 3, 3),  # not the type the MIB promises
        ("1.3.6.1.2.1.15.3.1.14.192.0.2.1", ValueType.OCTET_STRING, b"\x06\x07", "06:07"),
        ("1.3.6.1.4.1.99999.1", ValueType.OPAQUE, b"\x9f\x78\x04\x3d\xcc\xcc\xcd", 0.1),
    ],
)
def test_values_read_as_their_syntax_says(catalogue, oid, value_type, raw, value):
    varbind = named(catalogue, oid, value_type, raw)
    assert (varbind.raw, varbind.value) == (raw, value)


def test_a_community_in_a_varbind_is_hidden(catalogue):
    varbind = named(catalogue, "1.3.6.1.6.3.18.1.4.0", ValueType.OCTET_STRING, b"s3cret")
    assert (varbind.name, varbind.raw, varbind.value) == ("snmpTrapCommunity", None, "***")


def test_every_known_object_is_named_by_its_own_oid(catalogue):
    objects = [node for node in catalogue if node.kind == "object"]
    assert len(objects) > 1000
    for node in objects:
        varbind = named(catalogue, f"{node.oid}.0", ValueType.INTEGER, 1)
        assert (varbind.name, varbind.instance) == (node.name, "0")


def test_every_known_notification_is_named_and_its_objects_are_known(catalogue):
    notifications = [node for node in catalogue if node.kind == "notification"]
    assert len(notifications) > 50
    for node in notifications:
        assert catalogue.name(message(trap_oid=node.oid)).name == node.qualified_name
        assert [name for name in node.refers_to if catalogue.find(name) is None] == []


def test_every_row_of_the_shipped_modules_can_split_its_instances(catalogue):
    rows = [node for node in catalogue if node.kind == "row"]
    unsplittable = [row.name for row in rows if not catalogue._parts(row.oid)]
    assert len(rows) > 100
    assert unsplittable == []


_SUB_IDENTIFIERS = st.lists(st.integers(0, 2**32 - 1), max_size=20).map(lambda numbers: ".".join(map(str, numbers)))
_VALUES = st.one_of(
    st.tuples(
        st.sampled_from([ValueType.INTEGER, ValueType.GAUGE32, ValueType.COUNTER64]), st.integers(-(2**63), 2**64)
    ),
    st.tuples(st.sampled_from([ValueType.OCTET_STRING, ValueType.OPAQUE]), st.binary(max_size=40)),
    st.tuples(st.just(ValueType.OBJECT_IDENTIFIER), _SUB_IDENTIFIERS),
    st.tuples(st.just(ValueType.IP_ADDRESS), st.ip_addresses(v=4).map(str)),
    st.tuples(st.sampled_from([ValueType.NULL, ValueType.NO_SUCH_OBJECT]), st.none()),
)
_KNOWN_OIDS = sorted(node.oid for node in Catalogue.load())


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_KNOWN_OIDS), _SUB_IDENTIFIERS, _VALUES)
def test_any_value_of_any_object_and_instance_has_a_name_and_reads_as_json(oid, instance, typed):
    catalogue = Catalogue.load()
    oid = f"{oid}.{instance}" if instance else oid
    varbind = named(catalogue, oid, *typed)
    assert varbind.oid == oid
    assert varbind.name in oid or varbind.oid == f"{catalogue.find(varbind.name).oid}.{varbind.instance}".rstrip(".")
    json.dumps([varbind.value, varbind.indices], allow_nan=False)


def test_an_oid_of_a_thousand_sub_identifiers_is_named_like_any_other(catalogue):
    varbind = named(catalogue, "1.3.6.1.2.1.2.2.1.1" + ".7" * 1000, ValueType.INTEGER, 1)
    assert (varbind.name, varbind.indices) == ("ifIndex", ())


def test_names_are_found_bare_qualified_and_by_oid(catalogue):
    node = catalogue.find("ifIndex")
    assert catalogue.find("IF-MIB::ifIndex") is node
    assert catalogue.find("1.3.6.1.2.1.2.2.1.1") is node
    assert catalogue.find("ifIndx") is None
    assert catalogue.similar("ifIndx") == "ifIndex"
    assert catalogue.similar("IF-MIB::linkDwn") == "IF-MIB::linkDown"


def test_a_sites_module_adds_names_and_wins_over_the_shipped_ones(tmp_path):
    module = {
        "module": "ACME-MIB",
        "objects": {
            "1.3.6.1.4.1.99999.1": ["acmeText", "OCTET STRING"],
            "1.3.6.1.2.1.2.2.1.1": ["acmeIndex", "Integer32"],
        },
        "notifications": {"1.3.6.1.4.1.99999.0.7": ["acmeFault", ["acmeText"]]},
    }
    (tmp_path / "ACME-MIB.json").write_text(json.dumps(module))
    catalogue = Catalogue.load([tmp_path])
    assert catalogue.name(message(trap_oid="1.3.6.1.4.1.99999.0.7")).name == "ACME-MIB::acmeFault"
    assert named(catalogue, "1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 3).name == "acmeIndex"
    assert Catalogue.load().find("acmeText") is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "ACME-MIB.json:1: not JSON"),
        ("[]", "not a module of the naming catalogue"),
        ('{"module": "X", "objects": {"1.3": ["x"]}}', "not a module of the naming catalogue"),
        ('{"module": "X", "types": {"T": {}}}', "not a module of the naming catalogue"),
    ],
)
def test_a_broken_data_file_is_refused_by_name_in_one_line(tmp_path, text, complaint):
    (tmp_path / "ACME-MIB.json").write_text(text)
    with pytest.raises(CatalogueError, match=complaint) as caught:
        Catalogue.load([tmp_path])
    assert "ACME-MIB.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_directory_is_refused(tmp_path):
    with pytest.raises(CatalogueError, match="no such directory"):
        Catalogue.load([tmp_path / "nowhere"])
