"""net-snmp's own `snmptrap -v3` and `snmpinform -v3` against the running trap source."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest
from machine import program
from running_source import Running, environment

pytestmark = pytest.mark.privileged

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
LINK_VARBINDS = ("1.3.6.1.2.1.2.2.1.1.3", "i", "3")
THEIRS = "80001f8804deadbeef01"
USERS = """
[[trap.users]]
name = "noc"
auth = "sha256"
auth_password = "auth-pass-123"
priv = "aes256"
priv_password = "priv-pass-456"
sources = ["127.0.0.0/8"]
"""
CREDENTIALS = (
    *("-v3", "-u", "noc", "-l", "authPriv"),
    *("-a", "SHA-256", "-A", "auth-pass-123"),
    *("-x", "AES-256", "-X", "priv-pass-456"),
)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    environment(monkeypatch, tmp_path, USERS)
    return tmp_path


async def send(home: Path, command: str, *arguments: str) -> subprocess.CompletedProcess:
    """The command with nothing of this machine's own configuration."""
    environment = {
        "PATH": os.environ["PATH"],
        "MIBS": "",
        "HOME": str(home),
        "SNMPCONFPATH": str(home),
        "SNMP_PERSISTENT_DIR": str(home / "net-snmp"),
    }
    line = [program(command), *arguments, "12345", LINK_DOWN, *LINK_VARBINDS]
    return await asyncio.to_thread(
        subprocess.run, line, env=environment, check=False, capture_output=True, text=True, timeout=30
    )


def test_snmptrap_becomes_an_event(home):
    async def scenario():
        async with Running() as source:
            await send(home, "snmptrap", "-e", f"0x{THEIRS}", *CREDENTIALS, f"127.0.0.1:{source.port}")
            return await source.event()

    event = asyncio.run(scenario())
    assert (event["kind"], event["trap"]["version"], event["source"]["engine_id"]) == ("interface_down", "3", THEIRS)


def test_snmpinform_discovers_us_is_answered_and_after_our_restart_again(home):
    async def scenario():
        async with Running() as source:
            to = f"127.0.0.1:{source.port}"
            done = await send(home, "snmpinform", *CREDENTIALS, "-t", "2", "-r", "1", to)
            return done, await source.event()

    for start in (1, 2):
        done, event = asyncio.run(scenario())
        assert done.returncode == 0, (start, done.stderr)
        assert (event["trap"]["type"], event["trap"]["version"]) == ("inform", "3")


def test_snmpinform_with_a_wrong_password_is_told_so_and_said(home):
    wrong = [word.replace("auth-pass", "other-pass") for word in CREDENTIALS]

    async def scenario():
        async with Running() as source:
            to = f"127.0.0.1:{source.port}"
            done = await send(home, "snmpinform", *wrong, "-t", "2", "-r", "0", to)
            return done, await source.event()

    done, event = asyncio.run(scenario())
    assert done.returncode != 0
    assert "Authentication failure" in done.stderr
    assert (event["kind"], event["refusal"]["reason"]) == ("snmp_auth_failure", "wrong_digest")
