"""The trap source as ansible-rulebook drives it: `main(queue, args)`, real datagrams, a queue of one place."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import time

import pytest
from running_source import RT_TYO, Running, is_bound

from fannel import config
from fannel.directory import snapshot
from fannel.directory.directory import Device, Interface
from fannel.directory.mapping import DeviceMapping
from fannel.directory.snapshot import Origin, Snapshot
from fannel.lab.pagoda import LAB_TOKEN, PagodaStandIn
from fannel.lab.stage import free_udp_port
from fannel.source import StartError
from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

LINK_DOWN, LINK_UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"


@pytest.fixture(scope="module")
def pagoda():
    stand_in = PagodaStandIn()
    url = stand_in.start()
    yield url
    stand_in.stop()


@pytest.fixture
def settings(tmp_path, monkeypatch, pagoda):
    """The environment a source finds; returns a function that changes it."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in __import__("os").environ if name.startswith(("FANNEL_", "PAGODA_", "SLACK_"))]:
        monkeypatch.delenv(name)
    values = {
        "PAGODA_URL": pagoda,
        "PAGODA_TOKEN": LAB_TOKEN,
        "FANNEL_DATABASE__URL": f"sqlite:///{tmp_path}/fannel.sqlite3",
        "FANNEL_TRAP__HOST": "127.0.0.1",
        "FANNEL_TRAP__PORT": str(free_udp_port()),
        "FANNEL_SPOOL__DIRECTORY": f"{tmp_path}/spool",
        "FANNEL_HEALTH__CANARY_EVERY_S": "0",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return monkeypatch.setenv


def link(oid=LINK_DOWN, *, index=3, name="GigabitEthernet0/1", **options):
    varbinds = [WireVarBind(f"1.3.6.1.2.1.2.2.1.1.{index}", ValueType.INTEGER, index)]
    if name:
        varbinds.append(WireVarBind(f"1.3.6.1.2.1.2.2.1.2.{index}", ValueType.OCTET_STRING, name.encode()))
    return encode_trap(oid, varbinds, **({"community": b"public"} | options))


def test_a_link_down_becomes_an_enriched_event_with_a_new_incident(settings):
    async def scenario():
        async with Running() as source:
            source.send(link())
            return await source.event()

    event = asyncio.run(scenario())
    assert event["kind"] == "interface_down"
    assert event["fingerprint"] == "rt-tyo-01.example.net/interface_down/GigabitEthernet0/1"
    assert event["host"] == {
        "name": "rt-tyo-01.example.net",
        "known": True,
        "os": "ios",
        "platform": "Cisco IOS-XE",
        "site": "Tokyo DC1",
        "role": "core",
        "pagoda_id": event["host"]["pagoda_id"],
        "stale_s": 0,
    }
    assert event["subject"]["description"] == "10G to rt-osa-01"
    assert event["incident"]["state"] == "new"
    assert event["meta"] == {"hosts": "rt-tyo-01.example.net"}


def test_an_interface_without_a_name_gets_it_from_pagoda(settings):
    async def scenario():
        async with Running() as source:
            source.send(link(name=None))
            return await source.event()

    assert asyncio.run(scenario())["subject"]["name"] == "GigabitEthernet0/1"


def test_a_second_address_of_the_device_is_the_device_and_v1_says_the_same(settings):
    async def scenario():
        async with Running() as source:
            source.send(link(), source="127.0.2.1")
            first = await source.event()
            source.send(link(LINK_UP, version="1", agent_address="127.0.1.1"), source="127.0.9.9")
            return first, await source.event()

    down, up = asyncio.run(scenario())
    assert up["source"] == {"address": "127.0.9.9", "agent_address": "127.0.1.1", "engine_id": None}
    assert (up["host"]["name"], up["fingerprint"]) == (down["host"]["name"], down["fingerprint"])
    assert up["incident"]["id"] == down["incident"]["id"]


def test_an_agent_address_counts_only_from_where_it_is_believed(settings):
    settings("FANNEL_TRAP__AGENT_ADDRESS_FROM", "192.0.2.0/24")

    async def scenario():
        async with Running() as source:
            source.send(link(version="1", agent_address="127.0.1.1"), source="127.0.9.9")
            return await source.event()

    assert asyncio.run(scenario())["host"] == {"name": "127.0.9.9", "known": False, "stale_s": 0}


def test_an_inform_is_acknowledged_and_becomes_an_event(settings):
    async def scenario():
        async with Running() as source:
            sender = source.send(link(pdu="inform", request_id=4711))
            sender.settimeout(5)
            return await asyncio.to_thread(sender.recv, 65535), await source.event()

    answer, event = asyncio.run(scenario())
    assert b"\xa2" in answer[:20], "a Response-PDU"
    assert event["trap"]["type"] == "inform"


def test_while_nothing_can_be_recorded_an_inform_is_acknowledged_waits_on_disk_and_is_not_lost(settings, tmp_path):
    async def scenario():
        async with Running() as source:
            lock = sqlite3.connect(tmp_path / "fannel.sqlite3", isolation_level=None, check_same_thread=False)
            lock.execute("BEGIN IMMEDIATE")
            sender = source.send(link(pdu="inform"))
            sender.settimeout(5)
            assert await asyncio.to_thread(sender.recv, 65535)
            await asyncio.sleep(1)
            assert source.queue.empty()
            lock.rollback()
            lock.close()
            return await source.event(60)

    assert asyncio.run(scenario())["incident"]["state"] == "new"


def test_an_unknown_host_an_unknown_oid_and_no_varbinds_are_still_an_event(settings):
    async def scenario():
        async with Running() as source:
            source.send(encode_trap("1.3.6.1.4.1.99999.1.2", community=b"public"), source="127.0.9.9")
            return await source.event()

    event = asyncio.run(scenario())
    assert event["kind"] == "unknown_trap"
    assert event["host"] == {"name": "127.0.9.9", "known": False, "stale_s": 0}
    assert event["trap"]["name"] == "1.3.6.1.4.1.99999.1.2"
    assert event["trap"]["varbinds"] == {}
    assert event["meta"] == {"hosts": "localhost"}


def test_sixty_kilobytes_of_varbinds_make_a_small_event_and_all_is_logged(settings, tmp_path):
    big = [WireVarBind(f"1.3.6.1.4.1.99999.1.{n}", ValueType.OCTET_STRING, b"x" * 100) for n in range(500)]
    datagram = encode_trap(LINK_DOWN, big, community=b"public")
    assert len(datagram) > 55_000

    async def scenario():
        async with Running() as source:
            source.send(datagram)
            return await source.event()

    event = asyncio.run(scenario())
    assert event["trap"]["varbinds_left_out"] > 400
    assert len(str(event)) < 8000
    with sqlite3.connect(tmp_path / "fannel.sqlite3") as database:
        assert database.execute("SELECT raw FROM events").fetchone() == (datagram,)


def test_a_wrong_community_is_refused_said_once_and_never_shown(settings, capfd):
    async def scenario():
        async with Running() as source:
            for _ in range(5):
                source.send(link(community=b"s3cret-guess"))
            first = await source.event()
            source.send(link())
            return first, await source.event()

    refused, accepted = asyncio.run(scenario())
    assert refused["kind"] == "snmp_auth_failure"
    assert refused["host"]["name"] == "rt-tyo-01.example.net"
    assert refused["refusal"]["reason"] == "bad_community"
    assert accepted["kind"] == "interface_down", "four more refusals were counted, not said"
    assert "s3cret-guess" not in str(refused)
    said = capfd.readouterr()
    assert "s3cret-guess" not in said.out + said.err
    assert '"rejected.bad_community": 5' in said.err


@pytest.mark.parametrize(
    ("garbage", "reason"),
    [(b"", "undecodable"), (b"\xff" * 100, "undecodable"), (b"\x30\x03\x02\x01\x03", "unsupported_version")],
    ids=["nothing", "noise", "v3"],
)
def test_garbage_is_counted_and_said_and_the_next_trap_is_heard(settings, garbage, reason):
    async def scenario():
        async with Running() as source:
            source.send(garbage)
            refused = await source.event()
            source.send(link())
            return refused, await source.event()

    refused, accepted = asyncio.run(scenario())
    assert (refused["kind"], refused["refusal"]["reason"]) == ("datagram_refused", reason)
    assert accepted["kind"] == "interface_down"


def test_a_source_that_is_not_allowed_is_refused(settings):
    settings("FANNEL_TRAP__ALLOWED_SOURCES", "127.0.1.0/24")

    async def scenario():
        async with Running() as source:
            source.send(link(), source="127.0.9.9")
            return await source.event()

    assert asyncio.run(scenario())["refusal"]["reason"] == "source_not_allowed"


def test_hostile_text_reaches_the_queue_harmless_and_the_log_unchanged(settings, tmp_path):
    evil = "{{ lookup('pipe', 'touch /tmp/fannel-owned') }}"

    async def scenario():
        async with Running() as source:
            source.send(link(name=evil))
            return await source.event()

    event = asyncio.run(scenario())
    assert "{" not in str(event["subject"]["name"])
    assert "lookup('pipe'" in event["subject"]["name"], "a person can still read it"
    with sqlite3.connect(tmp_path / "fannel.sqlite3") as database:
        (logged,) = database.execute("SELECT event FROM events").fetchone()
    assert "{{ lookup('pipe'" in logged


def test_with_pagoda_down_an_event_is_neither_dropped_nor_delayed(settings):
    settings("PAGODA_URL", "http://127.0.0.1:9")
    settings("FANNEL_PAGODA__LOOKUP_TIMEOUT_S", "1")

    async def scenario():
        async with Running() as source:
            sent = time.monotonic()
            source.send(link())
            return await source.event(), time.monotonic() - sent

    event, took_s = asyncio.run(scenario())
    assert event["host"] == {"name": "127.0.1.1", "known": False, "stale_s": 0}
    assert event["incident"]["state"] == "new"
    assert took_s < 3, "the limit for pagoda, and room for a busy machine"


def test_with_pagoda_down_since_the_start_a_device_is_known_from_the_last_run(settings, tmp_path):
    settings("PAGODA_URL", "http://127.0.0.1:9")
    device = Device("rt1.example.net", 1, (RT_TYO,), RT_TYO, network_os="cisco.ios.ios")
    kept = Snapshot(time.time() - 3600, [device], {1: [Interface("Gi0/1", 3, "10G to rt2")]})
    snapshot.save(tmp_path / "var/directory.json", kept, Origin.of("http://127.0.0.1:9", DeviceMapping()))

    async def scenario():
        async with Running() as source:
            source.send(link(name=None))
            return await source.event()

    event = asyncio.run(scenario())
    assert (event["host"]["name"], event["host"]["os"], event["subject"]["name"]) == ("rt1.example.net", "ios", "Gi0/1")
    assert 3600 <= event["host"]["stale_s"] < 3660


def test_without_a_pagoda_events_flow_and_no_device_is_known(settings, monkeypatch, tmp_path):
    monkeypatch.delenv("PAGODA_URL")

    async def scenario():
        async with Running() as source:
            source.send(link())
            return await source.event()

    assert asyncio.run(scenario())["host"] == {"name": "127.0.1.1", "known": False, "stale_s": 0}
    assert not (tmp_path / "var").exists()


def test_a_port_in_use_ends_it_at_start_with_the_remedy(settings):
    async def scenario():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", config.load().trap.port))
            async with Running() as source:
                await asyncio.wait_for(source.task, 10)

    with pytest.raises(StartError, match=r"another process has this port.*FANNEL_TRAP__PORT"):
        asyncio.run(scenario())


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"prot": 162}, "fannel.network.snmp_trap: trap.prot: no such key, did you mean port"),
        ({"port": 99999}, "trap.port = 99999"),
        ({"communities": [12]}, "trap.communities"),
    ],
)
def test_a_wrong_option_in_the_rulebook_is_named(settings, args, words):
    async def scenario():
        async with Running(args):
            pass

    with pytest.raises(config.ConfigError, match=words.replace("[", r"\[")):
        asyncio.run(scenario())


def test_options_of_the_rulebook_win_over_the_environment(settings):
    async def scenario():
        async with Running({"communities": ["rulebook-only"]}) as source:
            source.send(link())
            refused = await source.event()
            source.send(link(community=b"rulebook-only"))
            return refused, await source.event()

    refused, accepted = asyncio.run(scenario())
    assert refused["kind"] == "snmp_auth_failure"
    assert accepted["kind"] == "interface_down"


def test_after_a_restart_an_unanswered_incident_is_put_to_the_rules_again(settings):
    async def scenario():
        async with Running() as source:
            source.send(link())
            first = await source.event()
        async with Running() as source:
            return first, await source.event()

    first, again = asyncio.run(scenario())
    assert again["id"] == first["id"]
    assert again["incident"] == first["incident"]


def test_cancelled_it_leaves_no_thread_and_no_port(settings):
    async def scenario():
        async with Running() as source:
            source.send(link())
            await source.event()
            return source.port

    port = asyncio.run(scenario())
    assert not is_bound(port)


def test_a_slow_rule_engine_holds_events_back_and_loses_none(settings):
    settings("FANNEL_STORM__SOURCE_RATE", "0")

    async def scenario():
        async with Running() as source:
            for index in range(300):
                source.send(link(index=index + 1000, name=f"GigabitEthernet1/{index}"))
            await asyncio.sleep(0.5)
            return [(await source.event())["subject"]["name"] for _ in range(300)]

    assert asyncio.run(scenario()) == [f"GigabitEthernet1/{index}" for index in range(300)]
