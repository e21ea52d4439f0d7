"""English: also the language in which logs, history and health speak."""

from __future__ import annotations

from fannel.slack.words.catalogue import (
    Counted,
    Labels,
    Looks,
    Losses,
    Notes,
    Posting,
    Problems,
    Steps,
    Storms,
    Thread,
    Words,
)
from fannel.slack.words.sentences import Sentences

_DISK = "Look at the disk under spool.directory: full, read-only, broken or too slow."
_BEHIND = "See in /readyz of the source what keeps the rules behind; or raise spool.octets."

# What is not written in small letters.
_ACRONYMS = (
    *("BFD", "BGP", "CPU", "HSRP", "IS-IS", "LACP", "LAG", "LDP", "LLDP", "MPLS", "NTP", "OSPF", "PoE", "SNMP", "STP"),
    *("UPS", "VLAN", "VPN", "VRRP"),
)

ENGLISH = Words(
    units=("d", "h", "m", "s"),
    severities={
        "critical": "critical",
        "major": "major",
        "minor": "minor",
        "warning": "warning",
        "info": "info",
    },
    by_notification=True,
    problems=Problems(
        whole={"snmp_auth_failure": "SNMP authentication failure"},
        parts={name.lower(): name for name in _ACRONYMS},
        joint=" ",
    ),
    looks=Looks(
        checking="checking …",
        recovered="RECOVERED",
        flapping="FLAPPING ×{n}",
        still_down="STILL DOWN",
        not_confirmed_up="NOT CONFIRMED UP",
        down_confirmed="DOWN, confirmed",
        confirmed="confirmed",
        expected="expected",
        back_already="back already",
        could_not_judge="could not judge",
    ),
    labels=Labels(
        verdict="Verdict",
        verdict_was="Verdict was",
        since="Since",
        seen="Seen",
        reopened="Reopened",
        outlived="Outlived its cause",
        down="Down",
        device="Device",
        host="Host",
        when="When",
        disputed="Disputed",
        refused="Refused",
        next="Next",
        do="Do",
        related="With it",
        late="Late",
    ),
    thread=Thread(
        times=Counted("{n} time", "{n} times"),
        times_last=Counted("{n} time, last {last}", "{n} times, last {last}"),
        was_down="down {lasted}",
        after="after {lasted}",
        outlived="{why}; that is over, this is still there",
        commands=Counted("{n} command in {seconds} s", "{n} commands in {seconds} s"),
        full_output="full output below",
        unverified="The device says so; not verified: {reason}",
        unchecked="The device says so; no check was made.",
        announced_end="The device announced the end; the check says otherwise:",
        calm=Counted("Calm again after {n} change", "Calm again after {n} changes"),
        stale="pagoda data {age} old",
        over="over",
        more=Counted("… and {n} more", "… and {n} more"),
    ),
    notes=Notes(
        several_claim="several in pagoda claim this address: {names}",
        not_in_pagoda="not in pagoda. Add it there, or the address it sends from.",
        says="{fact} says {device}",
        facts={"source_address": "source address", "agent_address": "agent address", "engine_id": "engine id"},
        sender="from {sender}",
        sender_through="from {sender} through {proxy}",
        unsaid=Counted("{n} more like it before, not told", "{n} more like it before, not told"),
        restarted="Links and neighbours that fall with it are not told one by one; what stays down is, in minutes.",
    ),
    losses=Losses(
        head=Counted("FANNEL lost {n} notification", "FANNEL lost {n} notifications"),
        ways={
            "kernel": "{n} the kernel dropped (receive buffer full)",
            "buffer_full": "{n} the receiver had no room for (disk slower than the network)",
            "spool_refused": "{n} the disk did not take",
            "spool_full_info": "{n} the full spool gave up (oldest that only inform)",
            "spool_full": "{n} the full spool gave up (oldest of all)",
            "spool_age": "{n} grew too old in the spool",
            "spool_damaged": "{n} were in a damaged spool file",
            "defect": "{n} FANNEL could not cope with (a defect)",
        },
        other_way="{n} lost: {reason}",
        remedies={
            "kernel": "Raise net.core.rmem_max and restart the receiver: docs/running.md.",
            "buffer_full": _DISK,
            "spool_refused": _DISK,
            "spool_full_info": _BEHIND,
            "spool_full": _BEHIND,
            "spool_age": _BEHIND,
            "spool_damaged": "Check the disk; the damaged file was put aside beside it.",
            "defect": "Report it with the traceback that is in FANNEL's log.",
        },
        all="*All:* `fannel_datagrams_lost_total` in /metrics; Slack is told every 10 minutes at most.",
    ),
    storms=Storms(
        head="STORM",
        opened=Counted("{n} new incident", "{n} new incidents"),
        since="since {clock}",
        many_since="{opened} since {clock}",
        more="and {n} more: {problems}",
        others="{n} others",
        following=Counted("{n} thread to follow, one a second", "{n} threads to follow, one a second"),
        none_following="all have threads",
        where_to_look="`fannel outbox` shows what waits",
        over="Storm over",
        summed_up=Counted("{n} new incident summed up in {lasted}", "{n} new incidents summed up in {lasted}"),
        summed_up_since=Counted(
            "{n} new incident summed up in {lasted}, since {clock}",
            "{n} new incidents summed up in {lasted}, since {clock}",
        ),
    ),
    posting=Posting(
        late="of {moment}",
        waited="waited {lasted}",
        repeated=Counted("said {n} time since {clock}", "said {n} times since {clock}"),
        file_title="{name} ({lines} lines, {size} kB)",
        file_comment=Counted(
            "Full output of {n} command. The lines that matter are above.",
            "Full output of {n} commands. The lines that matter are above.",
        ),
        cut_short="[cut short: Slack takes no more]",
        file_missing="Slack took the file {name} and does not show it. `fannel incidents show {incident}` has it all.",
        file_missing_push="the full output is not in Slack: fannel incidents show {incident}",
    ),
    steps=Steps(
        busy="Read the thread of the other run, which looks at the same device; look by hand if it says nothing.",
        unknown_device="Put the device into pagoda as it is, address and platform included; look by hand meanwhile.",
        host_key="Verify the device's SSH host key, then correct known_hosts on FANNEL's machine.",
        privilege="Let FANNEL's user run show commands: enable secret, privilege level, AAA.",
        login="Check the credentials FANNEL has for this device.",
        no_check="Write a check for this problem and OS, and look by hand meanwhile.",
        unreachable=(
            "Is the device up? Try ping and SSH from FANNEL's machine: the device, an ACL or the management path."
        ),
        unread="Read the output below: the check does not know this form of it.",
        other="Look at the device by hand: FANNEL saw too little to say.",
    ),
    sentences=Sentences(),
)
