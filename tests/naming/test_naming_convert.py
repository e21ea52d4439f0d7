"""Compiled MIBs turned into the catalogue's data: types resolved, texts left out, what is missing said."""

import json

import pytest

from fannel.naming.catalogue import Catalogue, shipped_data
from fannel.naming.convert import convert, main, read_compiled, shipped_types
from fannel.naming.module import CatalogueError


def column(name, oid, syntax_type, **constraints):
    syntax = {"class": "type", "type": syntax_type, "constraints": constraints}
    return {"class": "objecttype", "nodetype": "column", "name": name, "oid": oid, "syntax": syntax}


ACME = {
    "imports": {"class": "imports", "SNMPv2-TC": ["DisplayString"], "FAR-MIB": ["FarType"],
                "INET-ADDRESS-MIB": ["InetAddress", "InetAddressType"], "IF-MIB": ["ifEntry", "ifIndex"]},
    "AcmeName": {"class": "textualconvention", "name": "AcmeName", "displayhint": "16a",
                 "description": "text that must not be carried over",
                 "type": {"class": "type", "type": "DisplayString"}},
    "acme": {"class": "objectidentity", "name": "acme", "oid": "1.3.6.1.4.1.99999"},
    "acmeTable": {"class": "objecttype", "nodetype": "table", "name": "acmeTable", "oid": "1.3.6.1.4.1.99999.1"},
    "acmeEntry": {"class": "objecttype", "nodetype": "row", "name": "acmeEntry", "oid": "1.3.6.1.4.1.99999.1.1",
                  "indices": [{"module": "IF-MIB", "object": "ifIndex", "implied": 0},
                              {"module": "ACME-MIB", "object": "acmeName", "implied": 1}]},
    "acmeMoreEntry": {"class": "objecttype", "nodetype": "row", "name": "acmeMoreEntry", "oid": "1.3.6.1.4.1.99999.2.1",
                      "augmention": {"module": "ACME-MIB", "object": "acmeEntry", "name": "acmeMoreEntry"}},
    "acmePortEntry": {"class": "objecttype", "nodetype": "row", "name": "acmePortEntry", "oid": "1.3.6.1.4.1.99999.3.1",
                      "augmention": {"module": "ACME-MIB", "object": "ifEntry", "name": "acmePortEntry"}},
    "acmeState": column("acmeState", "1.3.6.1.4.1.99999.1.1.10", "INTEGER", enumeration={"down": 2, "up": 1}),
    "acmeName": column("acmeName", "1.3.6.1.4.1.99999.1.1.2", "AcmeName"),
    "acmeKind": column("acmeKind", "1.3.6.1.4.1.99999.1.1.3", "InetAddressType"),
    "acmePeer": column("acmePeer", "1.3.6.1.4.1.99999.1.1.5", "InetAddress"),
    "acmeKey": column("acmeKey", "1.3.6.1.4.1.99999.1.1.6", "OCTET STRING", size=[{"min": 8, "max": 8}]),
    "acmeFar": column("acmeFar", "1.3.6.1.4.1.99999.1.1.7", "FarType"),
    "acmeCount": column("acmeCount", "1.3.6.1.4.1.99999.1.1.8", "Counter64"),
    "acmeFault": {"class": "notificationtype", "name": "acmeFault", "oid": "1.3.6.1.4.1.99999.0.1",
                  "objects": [{"module": "ACME-MIB", "object": "acmeName"}, {"module": "IF-MIB", "object": "ifDescr"}]},
    "acmeGroup": {"class": "objectgroup", "name": "acmeGroup", "oid": "1.3.6.1.4.1.99999.9"},
}  # fmt: skip


@pytest.fixture(scope="module")
def converted():
    (module,) = convert({"ACME-MIB": ACME}, shipped_types())
    return module


@pytest.fixture(scope="module")
def data(converted):
    return json.loads(converted.text)


def test_types_are_followed_through_imports_to_their_base(data):
    assert data["types"]["AcmeName"] == {"of": ["DisplayString", "OCTET STRING"], "hint": "16a"}
    assert data["types"]["acmeState"] == {"of": ["INTEGER"], "enum": {"up": 1, "down": 2}}
    assert data["types"]["acmeKey"] == {"of": ["OCTET STRING"], "size": 8}
    assert data["types"]["InetAddressType"]["enum"]["ipv6"] == 2


def test_objects_name_their_type_and_an_address_the_type_that_goes_with_it(data):
    assert data["objects"]["1.3.6.1.4.1.99999.1.1.8"] == ["acmeCount", "Counter64"]
    assert data["objects"]["1.3.6.1.4.1.99999.1.1.5"] == ["acmePeer", "InetAddress", "acmeKind"]


def test_rows_keep_their_index_clause(data):
    assert data["rows"] == {
        "1.3.6.1.4.1.99999.1.1": ["acmeEntry", ["IF-MIB::ifIndex", "IMPLIED acmeName"]],
        "1.3.6.1.4.1.99999.2.1": ["acmeMoreEntry", ["AUGMENTS acmeEntry"]],
        "1.3.6.1.4.1.99999.3.1": ["acmePortEntry", ["AUGMENTS IF-MIB::ifEntry"]],
    }


def test_notifications_keep_their_objects(data):
    assert data["notifications"] == {"1.3.6.1.4.1.99999.0.1": ["acmeFault", ["acmeName", "IF-MIB::ifDescr"]]}


def test_groups_and_the_authors_texts_are_left_out(converted):
    assert "acmeGroup" not in converted.text
    assert "text that must not" not in converted.text


def test_entries_stand_one_per_line_in_the_order_of_their_oids(converted):
    lines = [line.strip() for line in converted.text.splitlines() if '"1.3.6.1.4.1.99999.1.1.' in line]
    assert [line.split('"')[3] for line in lines] == [
        "acmeName", "acmeKind", "acmePeer", "acmeKey", "acmeFar", "acmeCount", "acmeState",
    ]  # fmt: skip


def test_a_type_from_a_module_nobody_has_is_reported_by_name(converted):
    (problem,) = converted.problems
    assert problem.startswith(
        "ACME-MIB: ACME-MIB imports type FarType from FAR-MIB, which is neither shipped nor given;"
    )


def test_types_that_import_each_other_end_in_a_report():
    def module(other):
        return {"imports": {other: ["Round"]}, "x": column("x", "1.3.6.1.4.1.99999.1", "Round")}

    problems = [line for done in convert({"A": module("B"), "B": module("A")}, {}) for line in done.problems]
    assert len(problems) == 2
    assert all("Round" in problem for problem in problems)


def test_the_command_writes_what_the_catalogue_loads(tmp_path):
    compiled, out, said = tmp_path / "compiled", tmp_path / "out", []
    compiled.mkdir()
    (compiled / "ACME-MIB.json").write_text(json.dumps(ACME))
    (compiled / "index.json").write_text('{"enterprise": {}}')
    assert main([str(compiled), str(out)], said.append) == 0
    assert said[0].startswith("warning: ACME-MIB: ")
    catalogue = Catalogue.load([out])
    assert catalogue.name_of("1.3.6.1.4.1.99999.1.1.10.7") == "ACME-MIB::acmeState.7"
    assert [part.name for part in catalogue._parts("1.3.6.1.4.1.99999.2.1")] == ["ifIndex", "acmeName"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [(None, "no compiled MIB"), ("{", "cannot be read as JSON"), ("[]", "not a module compiled by pysmi"),
     ('{"x": {}}', "not a module compiled by pysmi")],
)  # fmt: skip
def test_a_directory_that_cannot_be_used_is_refused_by_name(tmp_path, text, complaint):
    if text is not None:
        (tmp_path / "X-MIB.json").write_text(text)
    with pytest.raises(CatalogueError, match=complaint):
        read_compiled(tmp_path)
    said = []
    assert main([str(tmp_path), str(tmp_path / "out")], said.append) == 1
    assert complaint in said[0]


def test_the_command_without_arguments_says_how_it_is_used():
    said = []
    assert main([], said.append) == 2
    assert said[0].startswith("usage:")


def test_the_shipped_files_carry_facts_only():
    allowed = {"module", "source", "types", "identities", "rows", "objects", "notifications"}
    for path in shipped_data():
        data = json.loads(path.read_text(encoding="utf-8"))
        assert set(data) <= allowed
        for name, entry in data.get("types", {}).items():
            assert set(entry) <= {"of", "enum", "bits", "hint", "size"}, name
