"""A change in pagoda is in the next event, through the webhook of the running observer."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
import requests
from running_source import Running, environment

from fannel.lab.pagoda import LAB_TOKEN, PagodaStandIn
from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

SECRET = "hook-secret"


def free_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def pagoda(tmp_path, monkeypatch):
    """A stand-in that is asked what changed once an hour, and the port it is to call."""
    stand_in = PagodaStandIn()
    stand_in.url = stand_in.start()
    stand_in.port = free_tcp_port()
    hook = f'webhook = "127.0.0.1:{stand_in.port}"\nwebhook_secret = "{SECRET}"\npoll_s = 3600\n'
    environment(monkeypatch, tmp_path, f"[pagoda]\n{hook}")
    monkeypatch.setenv("PAGODA_URL", stand_in.url)
    monkeypatch.setenv("PAGODA_TOKEN", LAB_TOKEN)
    yield stand_in
    stand_in.stop()


def link_down(index: int) -> bytes:
    varbind = WireVarBind(f"1.3.6.1.2.1.2.2.1.1.{index}", ValueType.INTEGER, index)
    return encode_trap("1.3.6.1.6.3.1.1.5.3", [varbind], community=b"public")


def test_a_change_in_pagoda_is_in_an_event_five_seconds_later(pagoda):
    model = pagoda.records.models["NetworkDevice"]
    hook = {
        "url": f"http://127.0.0.1:{pagoda.port}/",
        "headers": [{"header_key": "X-Fannel-Secret", "header_value": SECRET}],
    }

    async def scenario():
        async with Running() as source:
            source.send(link_down(1)).close()
            before = await source.event(30)
            await asyncio.to_thread(
                requests.put,
                f"{pagoda.url}/entity/api/v2/{model.id}/",
                json={"webhooks": [hook]},
                headers={"Authorization": f"Token {LAB_TOKEN}"},
                timeout=10,
            )
            pagoda.records.put("NetworkDevice", before["host"]["name"], {"site": "Osaka DC1"})
            changed = time.monotonic()
            for index in range(2, 100):
                await asyncio.sleep(0.2)
                source.send(link_down(index)).close()
                after = await source.event(30)
                if after["host"]["site"] != before["host"]["site"]:
                    break
            return before, after, time.monotonic() - changed

    before, after, took_s = asyncio.run(scenario())
    assert (before["host"]["site"], after["host"]["site"]) == ("Tokyo DC1", "Osaka DC1")
    assert took_s < 5
