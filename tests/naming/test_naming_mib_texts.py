"""A site's MIB texts compiled: what is shipped is imported without its text, what is missing or twice there is said."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.naming.catalogue import Catalogue
from fannel.naming.mib_texts import MibTextsError, compile_folders
from fannel.wire.encoder import encode_trap
from fannel.wire.snmp import decode
from fannel.wire.varbind import ValueType, WireVarBind

HEAD = """{name} DEFINITIONS ::= BEGIN
IMPORTS
    MODULE-IDENTITY, OBJECT-TYPE, NOTIFICATION-TYPE, enterprises FROM SNMPv2-SMI
    DisplayString, TEXTUAL-CONVENTION FROM SNMPv2-TC
    {more};
{root} MODULE-IDENTITY LAST-UPDATED "202601010000Z" ORGANIZATION "o" CONTACT-INFO "c" DESCRIPTION "d"
    ::= {{ {where} }}
"""
POWER = (
    HEAD.format(name="ACME-POWER-MIB", more="ifIndex FROM IF-MIB", root="acmePower", where="enterprises 64512 7")
    + """
AcmeState ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "s" SYNTAX INTEGER { ok(1), failed(2) }
acmeTable OBJECT-TYPE SYNTAX SEQUENCE OF AcmeEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION "t"
    ::= { acmePower 1 }
acmeEntry OBJECT-TYPE SYNTAX AcmeEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION "r" INDEX { ifIndex }
    ::= { acmeTable 1 }
AcmeEntry ::= SEQUENCE { acmeName DisplayString, acmeState AcmeState }
acmeName OBJECT-TYPE SYNTAX DisplayString MAX-ACCESS read-only STATUS current DESCRIPTION "n" ::= { acmeEntry 1 }
acmeState OBJECT-TYPE SYNTAX AcmeState MAX-ACCESS read-only STATUS current DESCRIPTION "s" ::= { acmeEntry 2 }
acmeFailed NOTIFICATION-TYPE OBJECTS { acmeName, acmeState } STATUS current DESCRIPTION "f" ::= { acmePower 0 1 }
END
"""
)
# SMIv1: a TRAP-TYPE of an enterprise, whose OID is the enterprise's, a zero, and the number (RFC 2576 §2.1.2).
OLD = """ACME-OLD-MIB DEFINITIONS ::= BEGIN
IMPORTS enterprises FROM RFC1155-SMI
        OBJECT-TYPE FROM RFC-1212
        TRAP-TYPE FROM RFC-1215
        DisplayString, ifIndex FROM RFC1213-MIB;
acmeOld OBJECT IDENTIFIER ::= { enterprises 64513 }
acmeWho OBJECT-TYPE SYNTAX DisplayString ACCESS read-only STATUS mandatory DESCRIPTION "w" ::= { acmeOld 1 }
acmeAlarm TRAP-TYPE ENTERPRISE acmeOld VARIABLES { acmeWho, ifIndex } DESCRIPTION "a" ::= 5
END
"""


@pytest.fixture
def texts(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    return folder


def written(outcome, folder):
    folder.mkdir(exist_ok=True)
    for module in outcome.converted:
        (folder / f"{module.module}.json").write_text(module.text)
    return Catalogue.load([folder])


def test_a_trap_of_the_compiled_module_is_named_with_its_values(texts, tmp_path):
    (texts / "power.txt").write_text(POWER)
    outcome = compile_folders([texts])
    assert (outcome.failures, outcome.warnings) == ((), ())
    root = "1.3.6.1.4.1.64512.7"
    varbinds = [
        WireVarBind(f"{root}.1.1.1.4", ValueType.OCTET_STRING, b"PSU 1"),
        WireVarBind(f"{root}.1.1.2.4", ValueType.INTEGER, 2),
    ]
    named = written(outcome, tmp_path / "names").name(decode(encode_trap(f"{root}.0.1", varbinds, community=b"public")))
    assert named.name == "ACME-POWER-MIB::acmeFailed"
    assert (named.get("acmeName").value, named.get("acmeState").value) == ("PSU 1", "failed")
    assert named.index("ifIndex") == 4


def test_a_trap_type_of_smi_version_1_is_a_notification(texts, tmp_path):
    (texts / "old.mib").write_text(OLD)
    outcome = compile_folders([texts])
    assert outcome.failures == ()
    notifications = json.loads(outcome.converted[0].text)["notifications"]
    assert {oid: name for oid, (name, _) in notifications.items()} == {"1.3.6.1.4.1.64513.0.5": "acmeAlarm"}


def test_modules_import_from_one_another_whatever_their_files_are_called(texts):
    base = HEAD.format(name="ACME-SMI", more="", root="acme", where="enterprises 64514") + "END\n"
    product = HEAD.format(name="ACME-X-MIB", more="acme FROM ACME-SMI", root="acmeX", where="acme 3") + "END\n"
    (texts / "a").write_text(product)
    (texts / "deep").mkdir()
    (texts / "deep" / "b.my").write_text(base)
    outcome = compile_folders([texts])
    assert outcome.failures == ()
    assert '"1.3.6.1.4.1.64514.3": "acmeX"' in next(m.text for m in outcome.converted if m.module == "ACME-X-MIB")


def test_a_missing_import_is_named_with_the_file_that_wants_it_and_keeps_no_other_from_being_compiled(texts):
    (texts / "x.txt").write_text(
        HEAD.format(name="ACME-X-MIB", more="acme FROM ACME-SMI", root="acmeX", where="acme 3") + "END\n"
    )
    (texts / "power.txt").write_text(POWER)
    outcome = compile_folders([texts])
    assert [module.module for module in outcome.converted] == ["ACME-POWER-MIB"]
    (failure,) = outcome.failures
    assert failure.startswith(f"{texts / 'x.txt'}: ACME-X-MIB imports from ACME-SMI, which is neither shipped")


def test_what_is_no_smi_is_said_with_its_file(texts):
    (texts / "broken.txt").write_text("ACME-BAD-MIB DEFINITIONS ::= BEGIN\nacme OBJECT ::= { 1\nEND\n")
    (failure,) = compile_folders([texts]).failures
    assert failure.startswith(f"{texts / 'broken.txt'}: ACME-BAD-MIB cannot be compiled: ")


def test_a_module_with_two_texts_is_said_and_one_with_the_same_text_twice_is_not(texts):
    (texts / "1.txt").write_text(POWER)
    (texts / "2.txt").write_text(POWER)
    assert compile_folders([texts]).failures == ()
    (texts / "3.txt").write_text(POWER.replace("failed(2)", "failed(3)"))
    (failure,) = compile_folders([texts]).failures
    assert failure.startswith(f"{texts / '3.txt'}: defines ACME-POWER-MIB, as {texts / '1.txt'} does")


def test_an_oid_with_two_names_is_a_warning(texts):
    (texts / "1.txt").write_text(POWER)
    other = HEAD.format(name="ACME-TWIN-MIB", more="", root="acmeTwin", where="enterprises 64512 7") + "END\n"
    (texts / "2.txt").write_text(other)
    (warning,) = compile_folders([texts]).warnings
    assert "1.3.6.1.4.1.64512.7 is ACME-TWIN-MIB::acmeTwin and ACME-POWER-MIB::acmePower" in warning


def test_where_there_is_no_mib_it_says_so(texts):
    (texts / "readme").write_text("nothing here")
    with pytest.raises(MibTextsError, match="no MIB there"):
        compile_folders([texts])


def test_the_command_writes_where_it_is_told_and_ends_with_1_when_a_module_failed(texts, tmp_path):
    (texts / "power.txt").write_text(POWER)
    (texts / "broken.txt").write_text("ACME-BAD-MIB DEFINITIONS ::= BEGIN\nacme OBJECT ::= { 1\nEND\n")
    out = tmp_path / "mibs"
    result = CliRunner().invoke(app, ["mibs", "compile", str(texts), "--to", str(out), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["written"] == ["ACME-POWER-MIB"]
    assert (out / "ACME-POWER-MIB.json").exists()
