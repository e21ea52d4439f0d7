"""A site's own names, out of its settings."""

import pytest
from pydantic import ValidationError

from fannel.config import Pagoda
from fannel.directory.mapping import DeviceMapping, InterfaceMapping, Mapping, mapping_of, names_in_file


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


@pytest.mark.parametrize(
    ("section", "key"),
    [("device", "model"), ("device", "management_ip"), ("interface", "device"), ("interface", "name")],
)
def test_what_nothing_works_without_cannot_be_left_empty(section, key):
    with pytest.raises(ValidationError, match="cannot be empty"):
        Pagoda.model_validate({section: {key: " "}})


def test_the_names_in_a_settings_file_are_those_of_the_settings(tmp_path):
    file = tmp_path / "fannel.toml"
    file.write_text('[trap]\nport = 162\n[pagoda.device]\nmodel = "Router"\nstatus = ""\n')
    names = Pagoda.model_validate({"device": {"model": "Router", "status": ""}})
    assert DeviceMapping(**names_in_file(file)) == mapping_of(names).device


def test_a_settings_file_without_names_names_nothing(tmp_path):
    file = tmp_path / "fannel.toml"
    file.write_text("[trap]\nport = 162\n")
    assert names_in_file(file) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[pagoda", "is not TOML"),
        (b"\xff", "is not TOML"),
        ("[pagoda]\ndevice = 'Router'", "must be a table of names"),
        ("[pagoda.device]\nmodel = 1", "must be a table of names"),
        (None, "cannot read"),
    ],
)
def test_a_settings_file_that_is_none_is_told(tmp_path, text, words):
    file = tmp_path / "fannel.toml"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=words):
        names_in_file(file)
