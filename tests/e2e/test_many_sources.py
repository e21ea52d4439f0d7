"""Ten thousand devices through the running receiver and observer: each becomes an event, and memory stays bounded."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest
from running_source import Running, environment

from fannel.wire.encoder import encode_trap

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SOURCES = [f"127.{100 + n // 2500}.{n // 250 % 10}.{1 + n % 250}" for n in range(10_000)]
COLD_START = "1.3.6.1.6.3.1.1.5.1"
# What the issue allows each process besides the JVM.
MOST_MIB = 150
# So many at once fit into any receive buffer.
AT_ONCE = 100


async def send_from_everywhere(port: int) -> None:
    payload = encode_trap(COLD_START, community=b"public")
    for n, address in enumerate(SOURCES):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((address, 0))
            sender.sendto(payload, ("127.0.0.1", port))
        if n % AT_ONCE == 0:
            await asyncio.sleep(0.02)


def resident_mib(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def children() -> list[int]:
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(pid) for file in listed for pid in file.read_text().split()]


def test_ten_thousand_sources_are_all_told_apart_and_within_memory(tmp_path, monkeypatch):
    environment(monkeypatch, tmp_path, "")

    async def scenario():
        async with Running() as source:
            sending = asyncio.create_task(send_from_everywhere(source.port))
            async with asyncio.timeout(240):
                heard = {(await source.queue.get())["source"]["address"] for _ in SOURCES}
            await sending
            return heard, [resident_mib(pid) for pid in children()]

    heard, resident = asyncio.run(scenario())
    assert heard == set(SOURCES)
    assert len(resident) == 2
    assert max(resident) < MOST_MIB
