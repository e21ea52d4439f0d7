"""The catalogue against somebody else's: pysnmp's own MIBs, and its reading of display hints."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysnmp.proto import rfc1902
from pysnmp.smi import builder

from fannel.naming.catalogue import Catalogue
from fannel.naming.display_hint import format_octets
from fannel.naming.octets import render_octets
from fannel.naming.syntax import OCTETS, Syntax

(MAC_ADDRESS,) = builder.MibBuilder().import_symbols("SNMPv2-TC", "MacAddress")


@pytest.fixture(scope="module")
def pysnmp_mibs():
    mibs = builder.MibBuilder()
    mibs.load_modules("SNMPv2-MIB", "SNMPv2-TC", "SNMP-FRAMEWORK-MIB", "SNMP-COMMUNITY-MIB", "RFC1213-MIB")
    return mibs


@pytest.mark.parametrize(("module", "least"), [("SNMPv2-MIB", 60), ("SNMP-FRAMEWORK-MIB", 8), ("RFC1213-MIB", 50)])
def test_names_and_oids_are_those_pysnmp_has(pysnmp_mibs, module, least):
    catalogue = Catalogue.load()
    compared = 0
    for name, symbol in pysnmp_mibs.mibSymbols[module].items():
        node = catalogue.find(name)
        if node is not None and hasattr(symbol, "getName"):
            assert node.oid == ".".join(map(str, symbol.getName())), name
            compared += 1
    assert compared >= least


def test_labels_of_enumerations_are_those_pysnmp_has(pysnmp_mibs):
    catalogue = Catalogue.load()
    compared = 0
    for symbols in pysnmp_mibs.mibSymbols.values():
        for name, symbol in symbols.items():
            node = catalogue.find(name)
            theirs = getattr(getattr(symbol, "syntax", None), "namedValues", None)
            if node is not None and node.syntax is not None and theirs:
                # RFC 1213 writes not-forwarding where RFC 4293 writes notForwarding, and later MIBs have more labels.
                ours = {(label.lower(), number) for number, label in node.syntax.labels.items()}
                assert {(label.replace("-", "").lower(), int(number)) for label, number in theirs.items()} <= ours, name
                compared += 1
    assert compared >= 3


@settings(deadline=None)  # the machine may be busy
@given(st.binary(min_size=6, max_size=6))
def test_a_mac_address_reads_as_pysnmp_reads_it(octets):
    assert format_octets("1x:", octets) == MAC_ADDRESS(octets).prettyPrint()


@settings(deadline=None)  # the machine may be busy
@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=64))
def test_a_display_string_reads_as_pysnmp_reads_it(text):
    theirs = rfc1902.OctetString(text.encode()).prettyPrint()
    assert render_octets(text.encode(), Syntax(OCTETS, ("DisplayString",), hint="255a")) == theirs
