"""The captured storm at its own speed through every real process: one thread for the cable, four messages at most.

The routers' addresses come in PROXY headers, as behind a load balancer: this machine has none of them.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import time
from pathlib import Path

import pytest
import yaml

from fannel.cli.demo import fannel_on
from fannel.lab.devices.plant import read_network
from fannel.lab.slack.server import SlackStandIn
from fannel.lab.stage import CHANNEL, Stage
from fannel.wire import capture
from fannel.wire.proxy import SIGNATURE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CAPTURE = Path(__file__).parents[1] / "corpus" / "captures" / "link_cut_and_restore.pcap"
ROUTERS = {"198.18.0.11": "rt11.example.net", "198.18.0.12": "rt12.example.net"}
# When the second end's linkDown and linkUp come.
CUT_S, RESTORED_S = 1.48, 10.49
TIMEOUT_S = 240


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    described = read_network()
    model = described["devices"]["frr-tyo-01.example.net"]
    one, other = ROUTERS.values()
    described["devices"] = {
        name: model
        | {
            "management_ip": f"127.0.4.{number}",
            "snmp_source_addresses": [address],
            "interfaces": {"eth1": {"if_index": 3, "description": f"to {far}", "peer": peer(far)}},
        }
        for number, (address, name, far) in enumerate(
            ((address, name, other if name == one else one) for address, name in ROUTERS.items()), start=11
        )
    }
    file = tmp_path_factory.mktemp("network") / "network.yml"
    file.write_text(yaml.safe_dump(described))
    return file


def peer(host):
    return {"device": host, "interface": "eth1"}


def proxied(payload, source):
    """A datagram as a load balancer of this machine passes it on."""
    addresses = ipaddress.ip_address(source).packed + bytes([127, 0, 0, 1])
    return SIGNATURE + struct.pack("!BBH", 0x21, 0x12, 12) + addresses + struct.pack("!HH", 50_000, 162) + payload


@pytest.fixture(scope="module")
def replayed(tmp_path_factory, network):
    folder = tmp_path_factory.mktemp("storm")
    with Stage(folder, network=network, slack=SlackStandIn(rate_limits=False)) as stage:
        stage.environ |= {"FANNEL_TRAP__PROXY_FROM": "127.0.0.0/8"}
        with fannel_on(stage, os.environ, folder) as fannel:
            assert fannel.wait_for("pagoda_loaded", TIMEOUT_S), fannel.output
            replay(stage)
            deadline = time.monotonic() + TIMEOUT_S
            while not any("RECOVERED" in str(one) for one in messages(stage)):
                assert time.monotonic() < deadline, f"{messages(stage)}\n{fannel.output[-4000:]}"
                time.sleep(0.2)
            time.sleep(15)  # longer than anything is held down
            yield messages(stage)


def replay(stage):
    with CAPTURE.open("rb") as file:
        datagrams = list(capture.datagrams(file, 162, 10162))
    began, first = time.monotonic(), datagrams[0].time
    changes = [(CUT_S, stage.devices.cut), (RESTORED_S, stage.devices.restore)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for found in datagrams:
            at = (found.time - first).total_seconds()
            time.sleep(max(0.0, began + at - time.monotonic()))
            while changes and changes[0][0] <= at + 0.5:
                changes.pop(0)[1]("rt12.example.net", "eth1")  # what a login finds from now on
            sender.sendto(proxied(found.payload, found.source), ("127.0.0.1", stage.trap_port))


def messages(stage):
    return list(stage.slack.workspace.messages[CHANNEL].values())


def test_there_is_one_thread(replayed):
    assert len({one.get("thread_ts") or one["ts"] for one in replayed}) == 1


def test_it_has_four_messages_at_most(replayed):
    assert len(replayed) <= 4


def test_its_parent_tells_the_end_and_what_came_with_it(replayed):
    parent = next(str(one["blocks"]) for one in replayed if one.get("thread_ts") in (None, one["ts"]))
    assert "RECOVERED" in parent
    assert "198.19.0.2" in parent
