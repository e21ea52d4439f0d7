"""What somebody who sets FANNEL up is told of his pagoda."""

from dataclasses import replace

import pytest

from fannel.directory.errors import ModelMissing, PagodaUnreachable, TokenExpired
from fannel.directory.mapping import DeviceMapping, InterfaceMapping, Mapping
from fannel.directory.survey import survey
from fannel.lab.pagoda import LAB_TOKEN, Account, Fault

RT_TYO = "rt-tyo-01.example.net"


def state_of(found, purpose):
    return next(name.state for name in found.names if name.purpose == purpose)


def mapping(**names):
    return Mapping(device=replace(DeviceMapping(), **names))


def test_a_pagoda_that_has_it_all_hurts_nobody(client):
    found = survey(client, Mapping())
    assert not found.hurts
    assert (found.devices, found.interfaces) == (6, 13)
    assert {name.state for name in found.names} == {"found"}


def test_how_many_items_have_a_value_is_counted(client):
    (addresses,) = [n for n in survey(client, Mapping()).names if n.purpose == "device source_addresses"]
    assert (addresses.filled, addresses.sampled) == (1, 6)


def test_an_attribute_that_is_missing_is_named_and_the_rest_is_looked_at(client):
    found = survey(client, mapping(site="building"))
    assert state_of(found, "device site") == "missing"
    assert found.hurts
    assert found.devices == 6


def test_a_joined_attribute_that_is_missing_is_named(client):
    found = survey(client, mapping(network_os="platform.os"))
    assert state_of(found, "device network_os") == "missing"
    assert len(found.without_os) == 6


def test_what_the_site_does_not_keep_hurts_nobody(client):
    found = survey(client, mapping(status=None))
    assert state_of(found, "device status") == "unset"
    assert not found.hurts


def test_a_model_that_is_missing_ends_it(client):
    found = survey(client, mapping(model="Router"))
    assert state_of(found, "device model") == "missing"
    assert isinstance(found.trouble, ModelMissing)
    assert found.hurts


@pytest.mark.parametrize("attribute", ["site", "peer"])
def test_what_this_account_may_not_read_is_named(lab, client, attribute):
    model = "NetworkDevice" if attribute == "site" else "Interface"
    lab.accounts[LAB_TOKEN] = Account(hidden_attributes=frozenset({(model, attribute)}))
    found = survey(client, Mapping())
    assert state_of(found, f"{'device' if attribute == 'site' else 'interface'} {attribute}") == "unreadable"
    assert found.hurts


def test_without_readable_addresses_nothing_else_is_claimed(lab, client):
    lab.accounts[LAB_TOKEN] = Account(hidden_attributes=frozenset({("NetworkDevice", "management_ip")}))
    found = survey(client, Mapping())
    assert state_of(found, "device management_ip") == "unreadable"
    assert (found.devices, found.hurts) == (0, True)


def test_an_address_on_two_devices_names_both(lab, client):
    lab.records.put("NetworkDevice", "twin.example.net", {"management_ip": "127.0.1.1", "platform": "Cisco IOS-XE"})
    assert set(survey(client, Mapping()).contested["127.0.1.1"]) == {RT_TYO, "twin.example.net"}


def test_devices_that_alerts_will_not_find_are_named(lab, client):
    lab.records.put("NetworkDevice", "bare", {"management_ip": "none yet"})
    lab.records.put("NetworkDevice", "all", {"management_ip": "127.0.1.99"})
    found = survey(client, Mapping())
    assert found.without_address == ("bare",)
    assert set(found.without_os) == {"all", "bare"}
    assert found.unusable_names == ("all",)


def test_an_empty_pagoda_hurts(lab, client):
    lab.fault = Fault.EMPTY
    found = survey(client, Mapping())
    assert (found.devices, found.hurts) == (0, True)


def test_a_site_without_interfaces_is_surveyed_without(client):
    assert survey(client, Mapping(interface=None)).interfaces is None


def test_an_interface_model_of_another_name_ends_it(client):
    assert survey(client, Mapping(interface=InterfaceMapping(model="Port"))).hurts


def test_who_cannot_be_reached_is_said_and_nothing_is_called_missing(make_client):
    found = survey(make_client("http://127.0.0.1:1"), Mapping())
    assert isinstance(found.trouble, PagodaUnreachable)
    assert found.names == ()


def test_a_token_that_expired_is_said(lab, client):
    lab.accounts[LAB_TOKEN] = Account(expired=True)
    assert isinstance(survey(client, Mapping()).trouble, TokenExpired)
