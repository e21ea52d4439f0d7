"""`fannel pagoda check` and `fannel hosts …`, as somebody types them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.directory import snapshot
from fannel.directory.directory import Device, Interface
from fannel.directory.mapping import DeviceMapping
from fannel.directory.snapshot import Origin, Snapshot
from fannel.lab.pagoda import LAB_TOKEN, Account, PagodaStandIn

RT_TYO = "rt-tyo-01.example.net"


@pytest.fixture
def pagoda(tmp_path, monkeypatch):
    """A stand-in that the settings of this folder name."""
    stand_in = PagodaStandIn()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAGODA_URL", stand_in.start())
    monkeypatch.setenv("PAGODA_TOKEN", LAB_TOKEN)
    yield stand_in
    stand_in.stop()


def fannel(*arguments):
    return CliRunner().invoke(app, arguments)


def test_a_pagoda_in_order_is_said_to_be(pagoda):
    done = fannel("pagoda", "check")
    assert done.exit_code == 0
    assert "6 devices, 13 interfaces" in done.output


def test_what_hurts_ends_with_status_1_and_is_in_the_json(pagoda):
    pagoda.accounts[LAB_TOKEN] = Account(hidden_attributes=frozenset({("NetworkDevice", "site")}))
    done = fannel("pagoda", "check", "--json")
    assert done.exit_code == 1
    (site,) = [name for name in json.loads(done.stdout)["names"] if name["purpose"] == "device site"]
    assert site["state"] == "unreadable"


def test_names_of_the_settings_are_the_names_looked_up(pagoda, tmp_path):
    (tmp_path / "fannel.toml").write_text('[pagoda.device]\nsite = "building"\n')
    done = fannel("pagoda", "check", "--json")
    (site,) = [name for name in json.loads(done.stdout)["names"] if name["purpose"] == "device site"]
    assert (site["called"], site["state"]) == ("building", "missing")


def test_a_hostile_device_name_does_nothing_to_the_terminal(pagoda):
    pagoda.records.put("NetworkDevice", "\x1b[31mred\u202e[bold]x", {"management_ip": "127.0.1.66"})
    shown = fannel("pagoda", "check").output
    assert "\x1b[31m" not in shown
    assert "\\u001b[31mred\\u202e[bold]x" in shown.replace("\n", "")


def test_pagodas_own_list_is_shown(pagoda):
    done = fannel("hosts", "list", "--ask")
    assert done.exit_code == 0
    assert RT_TYO in done.output
    assert "6 devices, 13 interfaces, as pagoda had it 0 s ago" in done.output


def test_a_device_is_shown_by_any_of_its_addresses(pagoda):
    shown = fannel("hosts", "show", "127.0.2.1", "--ask").output
    assert RT_TYO in shown
    assert 'GigabitEthernet0/1 "10G to rt-osa-01" → rt-osa-01.example.net' in shown


def test_an_address_of_nobody_ends_with_status_1(pagoda):
    done = fannel("hosts", "show", "192.0.2.9", "--ask")
    assert (done.exit_code, "192.0.2.9 is nobody's" in done.output) == (1, True)


def test_an_address_that_two_claim_names_them(pagoda):
    pagoda.records.put("NetworkDevice", "twin.example.net", {"management_ip": "127.0.1.1"})
    done = fannel("hosts", "show", "127.0.1.1", "--ask")
    assert done.exit_code == 1
    assert "twin.example.net" in done.output


class TestTheKeptList:
    @pytest.fixture
    def kept(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for name in ("PAGODA_URL", "PAGODA_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        device = Device("rt9.example.net", 9, ("192.0.2.9",), "192.0.2.9", os="ios", network_os="cisco.ios.ios")
        ports = {9: [Interface("Gi0/1", 3, "to rt8")]}
        snapshot.save(
            tmp_path / "var" / "directory.json",
            Snapshot(1_000_000_000.0, [device], ports),
            Origin.of("http://pagoda.example.net", DeviceMapping()),
        )

    def test_it_is_shown_with_its_age_and_nobody_is_asked(self, kept):
        done = fannel("hosts", "show", "RT9.example.net")
        assert done.exit_code == 0
        assert "days ago" in done.output

    def test_it_is_listed_as_json(self, kept):
        listed = json.loads(fannel("hosts", "list", "--json").stdout)
        assert [device["name"] for device in listed["devices"]] == ["rt9.example.net"]
        assert listed["age_s"] > 86_400

    def test_without_one_the_way_to_ask_is_named(self, kept, tmp_path):
        (tmp_path / "var" / "directory.json").unlink()
        done = fannel("hosts", "list")
        assert (done.exit_code, "--ask" in done.output) == (1, True)
