"""A site's own kinds and names come before the shipped ones; a folder that is not there holds nothing."""

from __future__ import annotations

import pytest

from fannel.kinds.document import KindsError
from fannel.kinds.site import catalogues
from fannel.ops.doctor.content import kinds as doctor_kinds
from fannel.wire.encoder import encode_trap
from fannel.wire.snmp import decode

OWN_NAMES = """{
 "module": "ACME-MIB",
 "notifications": {
  "1.3.6.1.4.1.64512.0.1": ["acmeFailed", []]
 }
}
"""
OWN_KINDS = """---
kinds:
  rack_door_open: {problem: rack_door_open, phase: raise, severity: minor, subject: device}
traps:
  - notification: ACME-MIB::acmeFailed
    kind: rack_door_open
    subject: device
"""


@pytest.fixture
def folders(tmp_path):
    kinds, mibs = tmp_path / "kinds", tmp_path / "mibs"
    for folder in (kinds, mibs):
        folder.mkdir()
    (mibs / "ACME-MIB.json").write_text(OWN_NAMES)
    (kinds / "acme.yml").write_text(OWN_KINDS)
    return kinds, mibs


def classified(found, oid="1.3.6.1.4.1.64512.0.1"):
    return found.kinds.classify(found.names.name(decode(encode_trap(oid, [], community=b"public"))))


def test_an_enterprise_trap_is_of_the_kind_the_site_says(folders):
    assert classified(catalogues(*folders)).kind == "rack_door_open"
    assert classified(catalogues()).kind == "unknown_trap"


def test_what_is_shipped_is_known_all_the_same(folders):
    assert classified(catalogues(*folders), "1.3.6.1.6.3.1.1.5.1").kind == "cold_start"


def test_folders_that_are_not_there_hold_nothing(tmp_path):
    assert classified(catalogues(tmp_path / "no", tmp_path / "none")).kind == "unknown_trap"


def test_a_mistake_names_its_file_and_line_and_the_doctor_tells_it(folders):
    kinds, mibs = folders
    (kinds / "acme.yml").write_text(OWN_KINDS.replace("acmeFailed", "acmeFaild"))
    with pytest.raises(KindsError, match=r"acme\.yml:5: .*acmeFailed"):
        catalogues(kinds, mibs)
    found = doctor_kinds(kinds, mibs)
    assert "acme.yml:5" in str(found)
