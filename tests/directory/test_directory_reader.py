"""pagoda's items read through a mapping, over real HTTP."""

import pytest

from fannel.directory.directory import Interface
from fannel.directory.errors import AttributeMissing, AttributeUnreadable, ModelMissing, PermissionDenied
from fannel.directory.mapping import DeviceMapping, InterfaceMapping, Mapping
from fannel.directory.reader import MAX_NAME, MAX_TEXT, Reader
from fannel.lab.pagoda import Account

RT_TYO, RT_OSA = "rt-tyo-01.example.net", "rt-osa-01.example.net"


@pytest.fixture
def reader(client):
    return Reader(client)


def by_name(devices):
    return {device.name: device for device in devices}


def test_a_device_has_all_that_the_mapping_names(reader):
    device = by_name(reader.devices())[RT_TYO]
    assert device.addresses == ("127.0.1.1", "127.0.2.1")
    assert device.management_ip == "127.0.1.1"
    assert (device.os, device.network_os, device.platform) == ("ios", "cisco.ios.ios", "Cisco IOS-XE")
    assert (device.site, device.role, device.status) == ("Tokyo DC1", "core", "active")


def test_an_interface_has_all_that_the_mapping_names(reader):
    device = by_name(reader.devices())[RT_TYO]
    expected = Interface("GigabitEthernet0/1", 3, "10G to rt-osa-01", f"{RT_OSA} GigabitEthernet0/0/0/0", "CKT-0001")
    assert expected in reader.interfaces()[device.pagoda_id]
    assert reader.interfaces(device, within_s=5) == {device.pagoda_id: reader.interfaces()[device.pagoda_id]}


def test_a_device_with_nothing_but_an_address(lab, reader):
    lab.records.put("NetworkDevice", "bare", {"management_ip": "127.0.1.99"})
    bare = by_name(reader.devices())["bare"]
    assert bare.addresses == ("127.0.1.99",)
    assert {bare.os, bare.network_os, bare.platform, bare.site, bare.role, bare.status} == {None}


@pytest.mark.parametrize(
    ("written", "read"), [("192.0.2.1/24", "192.0.2.1"), ("2001:DB8::0:1", "2001:db8::1"), ("soon", None), ("", None)]
)
def test_addresses_are_normalised_and_nonsense_is_no_address(lab, reader, written, read):
    lab.records.put("NetworkDevice", "odd", {"management_ip": written, "snmp_source_addresses": ["x", "192.0.2.9"]})
    odd = by_name(reader.devices())["odd"]
    assert odd.management_ip == read
    assert odd.addresses == tuple(filter(None, [read, "192.0.2.9"]))


def test_devices_by_name_are_asked_for_by_name(lab, reader):
    assert set(by_name(reader.devices(names=[RT_TYO, "nobody.example.net"]))) == {RT_TYO}
    assert lab.calls[-1].body["hint_entry"]["keyword"] == f"^nobody.example.net$|^{RT_TYO}$"


def test_a_name_in_other_letters_is_another_name(lab, reader):
    lab.records.put("NetworkDevice", RT_TYO.upper(), {"management_ip": "127.0.1.99"})
    assert set(by_name(reader.devices(names=[RT_TYO]))) == {RT_TYO}


def test_devices_by_status(lab, reader):
    lab.records.put("NetworkDevice", RT_OSA, {"status": "planned"})
    assert RT_OSA not in by_name(reader.devices(statuses=["active"]))
    assert set(by_name(reader.devices(statuses=["planned", "maintenance"]))) == {RT_OSA}


@pytest.mark.parametrize(
    "spelling", ["2001:db8::7", "2001:0DB8:0:0:0:0:0:7", "2001:0db8:0000:0000:0000:0000:0000:0007"]
)
def test_a_stranger_is_found_by_its_address_in_the_usual_spellings(lab, reader, spelling):
    lab.records.put("NetworkDevice", "new", {"management_ip": spelling})
    found = by_name(reader.devices_at(["2001:db8::7"], within_s=5))
    # A spelling between the shortest and the longest is left to the next full load.
    assert set(found) == ({"new"} if spelling != "2001:0DB8:0:0:0:0:0:7" else set())


def test_a_lookup_is_two_anchored_searches_for_two_hits(lab, reader):
    reader.devices()
    del lab.calls[:]
    reader.devices_at(["127.0.2.1"], within_s=5)
    asked = [(call.body["attrinfo"][0], call.body["entry_limit"]) for call in lab.calls]
    keyword = "^127.0.2.1$|^::ffff:127.0.2.1$"
    assert asked == [
        ({"name": "management_ip", "filter_key": 3, "keyword": keyword}, 2),
        ({"name": "snmp_source_addresses", "filter_key": 3, "keyword": keyword}, 2),
    ]


def test_a_site_with_names_of_its_own(lab, client):
    lab.records.add(
        {
            "models": {"Router": {"loopback": "string", "os": "string"}},
            "items": {"Router": {"r1": {"loopback": "192.0.2.1", "os": "eos"}}},
        }
    )
    names = DeviceMapping(
        model="Router",
        management_ip="loopback",
        network_os="os",
        source_addresses=None,
        platform=None,
        site=None,
        role=None,
        status=None,
    )
    (device,) = Reader(client, Mapping(device=names, interface=None)).devices()
    assert (device.name, device.addresses, device.os) == ("r1", ("192.0.2.1",), "eos")


@pytest.mark.parametrize(
    ("names", "error", "words"),
    [
        (DeviceMapping(model="Router"), ModelMissing, 'no model "Router"'),
        (DeviceMapping(role="function"), AttributeMissing, 'no attribute "function"'),
        (DeviceMapping(network_os="platform.os"), AttributeMissing, '"Platform" has no attribute "os"'),
        (DeviceMapping(network_os="role.os"), AttributeMissing, '"role" of "NetworkDevice" refers to no model'),
    ],
)
def test_a_mapping_that_names_what_is_not_there_is_told(client, names, error, words):
    with pytest.raises(error, match=words):
        Reader(client, Mapping(device=names)).devices()


def test_interfaces_of_an_unknown_model_do_not_keep_devices_from_being_read(client):
    reader = Reader(client, Mapping(interface=InterfaceMapping(model="Port")))
    assert reader.devices()
    with pytest.raises(ModelMissing):
        reader.interfaces()


def test_no_permission_does_not_look_like_no_devices(lab, make_client):
    lab.accounts["t"] = Account(hidden_models=frozenset({"NetworkDevice"}))
    with pytest.raises(PermissionDenied):
        Reader(make_client(lab.url, "t")).devices()


def test_hidden_addresses_do_not_look_like_devices_without_addresses(lab, make_client):
    lab.accounts["t"] = Account(hidden_attributes=frozenset({("NetworkDevice", "management_ip")}))
    with pytest.raises(AttributeUnreadable, match='may not read "management_ip" of any of 6 items'):
        Reader(make_client(lab.url, "t")).devices()


def test_a_hidden_item_is_there_with_its_name_only(lab, make_client):
    lab.accounts["t"] = Account(hidden_items=frozenset({RT_TYO}))
    hidden = by_name(Reader(make_client(lab.url, "t")).devices())[RT_TYO]
    assert (hidden.addresses, hidden.os) == ((), None)


HOSTILE = ["{{ lookup('pipe', 'id') }}", "../../etc/passwd", "a\nb", "; rm -rf /", "\u202etxt", "<!channel>"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_as_data(lab, reader, text):
    lab.records.put("Site", text, {})
    lab.records.put("NetworkDevice", text, {"management_ip": "127.0.1.99", "site": text})
    lab.records.put("Interface", "x", {"device": text, "if_name": text, "if_index": 1, "description": text})
    device = by_name(reader.devices())[text]
    assert device.site == text
    assert reader.interfaces()[device.pagoda_id] == [Interface(text, 1, text)]


@pytest.mark.parametrize(
    ("text", "kept"), [("a\0b", "a\ufffdb"), ("a\ud800b", "a\ufffdb"), ("\U0001f525", "\U0001f525")]
)
def test_what_no_database_takes_is_replaced(lab, reader, text, kept):
    lab.records.put("Interface", "x", {"device": RT_TYO, "if_name": "x", "description": text})
    (interface,) = [i for some in reader.interfaces().values() for i in some if i.name == "x"]
    assert interface.description == kept


def test_long_text_is_cut(lab, reader):
    long = "x" * 10_000
    lab.records.put("NetworkDevice", long, {"management_ip": "127.0.1.99"})
    lab.records.put("Interface", "x", {"device": RT_TYO, "if_name": long, "description": long})
    (device,) = [device for device in reader.devices() if device.management_ip == "127.0.1.99"]
    assert len(device.name) == MAX_NAME
    (interface,) = [i for some in reader.interfaces().values() for i in some if i.name.startswith("xxx")]
    assert (len(interface.name), len(interface.description)) == (MAX_NAME, MAX_TEXT)
