"""A site's own names, out of its settings."""

from fannel.config import Pagoda
from fannel.directory.mapping import DeviceMapping, InterfaceMapping, Mapping, mapping_of


def test_without_names_of_its_own_a_site_has_the_documented_ones():
    assert mapping_of(Pagoda()) == Mapping()


def test_a_name_replaces_one_and_leaves_the_others():
    names = Pagoda.model_validate({"device": {"model": "Router", "management_ip": "loopback0"}})
    assert mapping_of(names).device == DeviceMapping(model="Router", management_ip="loopback0")


def test_an_empty_name_says_that_there_is_no_such_attribute():
    names = Pagoda.model_validate({"device": {"status": ""}, "interface": {"circuit": ""}})
    assert mapping_of(names).device.status is None
    assert mapping_of(names).interface == InterfaceMapping(circuit=None)


def test_an_empty_interface_model_says_that_there_are_no_interfaces():
    assert mapping_of(Pagoda.model_validate({"interface": {"model": ""}})).interface is None
