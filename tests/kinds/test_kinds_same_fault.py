"""The same fault has the same fingerprint, whether a trap or a syslog line says it, and the clear ends what was raised.

Otherwise one pulled cable would be two incidents, and one of them would never close.
"""

import pytest
from kinds_corpus import CASES, CORPUS, KINDS, heard, judged

from fannel.event import Subject, fingerprint

# Cases of the corpus that speak of the same thing: a trap, and one or more lines.
SAME = [
    ("ios/interface_down/link_with_descr", "ios/interface_down/syslog_shutdown"),
    ("iosxr/interface_down/link_with_descr", "iosxr/interface_down/syslog_linecard"),
    ("nxos/interface_down/link_with_descr", "nxos/interface_down/syslog_link_failure"),
    ("eos/interface_down/link_with_descr", "eos/interface_down/syslog_rfc5424"),
    (
        "junos/interface_down/link_with_name",
        "junos/interface_down/syslog",
        "junos/interface_down/syslog_structured_brief",
    ),
    ("vrp/interface_down/link_with_descr", "vrp/interface_down/syslog_if_state"),
    ("ios/interface_err_disabled/trap_rev1", "ios/interface_err_disabled/bpduguard", "ios/bpdu_guard/catalyst"),
    ("ios/mac_limit/trap", "ios/mac_limit/port_security"),
    ("nxos/bgp_neighbor_down/trap_rfc4273", "nxos/bgp_neighbor_down/syslog_holdtimer"),
    ("junos/bgp_neighbor_down/trap_rfc4273", "junos/bgp_neighbor_down/syslog"),
    ("junos/bgp_neighbor_down/trap_m2_v6", "junos/bgp_neighbor_down/syslog_v6_older"),
    ("eos/bgp_neighbor_down/trap_arista_v4", "eos/bgp_neighbor_down/syslog_vrf_default"),
    ("vrp/bgp_neighbor_down/trap_rfc4273", "vrp/bgp_neighbor_down/syslog"),
    (
        "ios/bgp_prefix_limit_near/trap",
        "ios/bgp_prefix_limit_near/syslog_number",
        "ios/bgp_prefix_limit/syslog_exceeds",
    ),
    ("ios/ospf_neighbor_down/trap", "ios/ospf_neighbor_down/syslog_dead_timer"),
    ("ios/ospf_v3_neighbor_down/trap", "ios/ospf_v3_neighbor_down/syslog"),
    ("iosxr/ospf_neighbor_down/trap", "iosxr/ospf_neighbor_down/syslog_area"),
    ("eos/ospf_neighbor_down/trap", "eos/ospf_neighbor_down/syslog_inactivity"),
    ("nxos/ospf_neighbor_down/trap", "nxos/ospf_neighbor_down/syslog_adjchange"),
    ("junos/ospf_neighbor_down/trap", "junos/ospf_neighbor_down/syslog_kill"),
    ("vrp/ospf_neighbor_down/trap", "vrp/ospf_neighbor_down/syslog"),
    ("iosxr/isis_adjacency_down/trap", "iosxr/isis_adjacency_down/bfd"),
    ("eos/isis_adjacency_down/trap", "eos/isis_adjacency_down/syslog"),
    ("ios/isis_adjacency_down/trap", "ios/isis_adjacency_down/syslog_level"),
    ("junos/power_supply_failed/trap_failure", "junos/power_supply_failed/alarmd", "junos/power_supply_failed/craftd"),
    ("junos/fan_failed/trap_failure", "junos/fan_failed/alarmd"),
    ("junos/card_down/trap_power_off", "junos/card_down/fru_offline", "junos/card_down/trap10_power_off"),
    ("junos/config_changed/trap", "junos/config_changed/commit"),
    ("ios/authentication_failure/v2c", "ios/authentication_failure/syslog"),
    ("ios/ntp_unreachable/trap", "ios/ntp_unreachable/unsynchronised"),
]


def fingerprint_of(case):
    said = judged(CORPUS / case)
    return fingerprint("rt01.example.net", said["problem"], Subject(**said["subject"]).key)


@pytest.mark.parametrize("cases", SAME, ids=lambda cases: cases[0])
def test_the_trap_and_the_line_of_one_fault_have_one_fingerprint(cases):
    assert len({fingerprint_of(case) for case in cases}) == 1


def problems(system, phase):
    entries = [entry for os, entry in KINDS.compiled.syslog if os == system]
    return {entry.kind.problem for entry in entries if entry.kind.phase == phase}


@pytest.mark.parametrize("system", sorted(KINDS.compiled.syslog.systems))
def test_nothing_is_cleared_that_is_never_raised(system):
    raised_by_trap = {entry.kind.problem for entries in KINDS.compiled.traps.values() for entry in entries}
    assert problems(system, "clear") <= problems(system, "raise") | raised_by_trap


PAIRS = [
    *("interface", "line_protocol", "bgp_neighbor", "ospf_neighbor", "isis_adjacency", "bfd_session", "lag_member"),
]


@pytest.mark.parametrize("pair", PAIRS)
def test_every_line_that_clears_speaks_of_what_a_line_raises(pair):
    """By example: each system's first case of an `_up` names a subject that one of its `_down` cases names, too."""
    systems = {case.parts[-3] for case in CASES if case.parent.name == f"{pair}_up" and (case / "syslog.txt").exists()}
    assert systems
    for system in systems:
        down, up = (keys_of(system, f"{pair}_{way}") for way in ("down", "up"))
        assert down & up, f"{system}: {sorted(up)} clears none of {sorted(down)}"


def keys_of(system, kind):
    cases = [case for case in CASES if case.parts[-3:-1] == (system, kind) and (case / "syslog.txt").exists()]
    return {KINDS.classify_syslog(heard(case), system).subject.key for case in cases}


def test_a_line_of_a_device_that_pagoda_does_not_know_means_the_same():
    """Its tag tells, or the form of the line; only the words of IOS and EOS are the same where the form is nobody's."""
    other = []
    for case in CASES:
        if (case / "syslog.txt").exists():
            line = heard(case)
            if KINDS.classify_syslog(line, None) != KINDS.classify_syslog(line, case.parts[-3]):
                other.append(str(case.relative_to(CORPUS)))
    assert other == ["eos/interface_down/syslog_rfc5424"]


def test_an_os_that_no_entry_speaks_of_is_like_an_unknown_one():
    line = heard(CORPUS / "frr" / "bgp_neighbor_down" / "syslog")
    assert KINDS.classify_syslog(line, "vyos").kind == "bgp_neighbor_down"
