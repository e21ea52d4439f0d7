"""SNMPv3 through the trap source: users from the settings, our engine across restarts, what is said of strangers."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import socket
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from running_source import RT_TYO, Running, environment

from fannel import config
from fannel.config import Trap, TrapUser
from fannel.intake.answerer import Answerer
from fannel.intake.counters import Counters
from fannel.intake.datagram import Datagram
from fannel.intake.engine_file import read_engine_id
from fannel.intake.spool import open_reader, open_writer
from fannel.source import StartError
from fannel.wire.message import RESPONSE
from fannel.wire.snmpv3 import read_envelope, read_scoped_pdu
from fannel.wire.usm import SecurityLevel, UserBook, UsmUser
from fannel.wire.usm_keys import AuthProtocol, PrivProtocol
from fannel.wire.v3_sender import V3Sender
from fannel.wire.varbind import ValueType, WireVarBind

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
AUTH_PASSWORD, PRIV_PASSWORD = "s3cret-auth-pw", "s3cret-priv-pw"
DEVICE = bytes.fromhex("80001f8804") + b"device"
USER = UsmUser(
    name="noc",
    auth_protocol=AuthProtocol.SHA256,
    auth_password=AUTH_PASSWORD,
    priv_protocol=PrivProtocol.AES128,
    priv_password=PRIV_PASSWORD,
    sources=(ipaddress.ip_network("127.0.0.0/8"),),
)
USERS = f"""
[[trap.users]]
name = "noc"
auth = "SHA-256"
auth_password = "{AUTH_PASSWORD}"
priv = "aes128"
priv_password = "{PRIV_PASSWORD}"
sources = ["127.0.0.0/8"]
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Where the source starts: a folder with SNMPv3 users in its fannel.toml."""
    environment(monkeypatch, tmp_path, USERS)
    return tmp_path


def trap(index=3, *, user=USER, boots=3, engine_time=1000, **options) -> bytes:
    varbinds = [WireVarBind(f"1.3.6.1.2.1.2.2.1.1.{index}", ValueType.INTEGER, index)]
    return V3Sender(user, DEVICE).encode(LINK_DOWN, varbinds, boots=boots, engine_time=engine_time, **options)


class Informer:
    """A sender of informs that begins by knowing nothing of the receiver, as RFC 3414 §4 has it."""

    def __init__(self, source: Running, user: UsmUser = USER) -> None:
        self.user = user
        self.engine_id = b""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((RT_TYO, 0))
        self._socket.settimeout(5)
        self._to = ("127.0.0.1", source.port)

    def inform(self, boots: int, engine_time: int, user: UsmUser | None = None) -> bytes:
        sender = V3Sender(user or self.user, self.engine_id)
        return sender.encode(LINK_DOWN, boots=boots, engine_time=engine_time, pdu="inform")

    async def ask(self, datagram: bytes):
        """The answer's envelope."""
        self._socket.sendto(datagram, self._to)
        return read_envelope(await asyncio.to_thread(self._socket.recv, 65535))

    async def discover(self):
        """Our engine id from one Report, our boots and time from a second."""
        nobody = UsmUser(name=self.user.name, sources=self.user.sources)
        self.engine_id = (await self.ask(self.inform(0, 0, nobody))).engine_id
        return await self.ask(self.inform(0, 0))

    def opened(self, envelope):
        cipher = UserBook([self.user]).cipher(self.user, self.engine_id)
        payload = envelope.data[envelope.payload_start : envelope.payload_end]
        plain = cipher.decrypt(payload, envelope.boots, envelope.time, envelope.salt)
        return read_scoped_pdu(plain, 0, len(plain))

    def close(self) -> None:
        self._socket.close()


def test_a_trap_with_authentication_and_privacy_becomes_an_event(home):
    async def scenario():
        async with Running() as source:
            source.send(trap())
            return await source.event()

    event = asyncio.run(scenario())
    assert (event["kind"], event["trap"]["version"], event["trap"]["type"]) == ("interface_down", "3", "trap")
    assert event["source"] == {"address": RT_TYO, "agent_address": None, "engine_id": DEVICE.hex()}
    assert event["incident"]["state"] == "new"


def test_an_inform_that_has_to_discover_us_is_answered_and_becomes_an_event(home, capfd):
    async def scenario():
        async with Running() as source:
            informer = Informer(source)
            clock = await informer.discover()
            answer = await informer.ask(informer.inform(clock.boots, clock.time))
            event = await source.event()
            informer.close()
            return informer.opened(answer), event, source.queue.qsize()

    answer, event, waiting = asyncio.run(scenario())
    assert answer.pdu == RESPONSE
    assert (event["trap"]["type"], event["trap"]["version"]) == ("inform", "3")
    assert waiting == 0, "the steps of a discovery are counted, not said"
    counted = capfd.readouterr().err
    for count in ("acknowledged", "rejected.unknown_engine", "rejected.not_in_time_window"):
        assert f'"{count}": 1' in counted
    assert '"reports_sent": 2' in counted


def test_while_nothing_can_be_recorded_an_inform_is_answered_waits_on_disk_and_is_not_lost(home):
    async def scenario():
        async with Running() as source:
            informer = Informer(source)
            clock = await informer.discover()
            lock = sqlite3.connect(home / "fannel.sqlite3", isolation_level=None, check_same_thread=False)
            lock.execute("BEGIN IMMEDIATE")
            answer = await informer.ask(informer.inform(clock.boots, clock.time))
            nothing = source.queue.empty()
            lock.rollback()
            lock.close()
            informer.close()
            return informer.opened(answer), nothing, await source.event(timeout_s=60)

    answer, nothing, event = asyncio.run(scenario())
    assert (answer.pdu, nothing, event["trap"]["type"]) == (RESPONSE, True, "inform")


def test_an_inform_that_was_answered_is_verified_after_restarts_of_everything(home):
    """Nothing observes when it comes; boots have moved on when something does."""
    spool, engine_file = home / "spool", home / "var" / "engine.json"
    spool.mkdir()
    user = TrapUser(
        name="noc",
        auth="sha256",
        auth_password=AUTH_PASSWORD,
        priv="aes128",
        priv_password=PRIV_PASSWORD,
        sources=("127.0.0.0/8",),
    )
    for boots in (1, 2):
        answerer = Answerer.open(Trap(users=(user,), engine_file=engine_file), Counters())
        if boots == 1:
            sender = V3Sender(USER, read_engine_id(engine_file))
            payload = sender.encode(LINK_DOWN, boots=1, engine_time=0, pdu="inform")
            datagram = Datagram(payload, RT_TYO, 40000, datetime.now(UTC) - timedelta(hours=6))
            judged = answerer.judge(datagram)
            writer = open_writer(spool, is_info=lambda _: False)
            writer.append([datagram._replace(note=judged.note)], durable=True)
            writer.close()
            assert judged.respond()
        answerer.close()

    async def scenario():
        async with Running() as source:
            return await source.event()

    assert asyncio.run(scenario())["trap"]["type"] == "inform"


@pytest.mark.parametrize(
    ("user", "options", "reason"),
    [
        (replace(USER, auth_password="not-the-password"), {}, "wrong_digest"),
        (replace(USER, priv_password="not-the-password"), {}, "decryption_error"),
        (replace(USER, name="somebody"), {}, "unknown_user"),
        (USER, {"level": SecurityLevel.AUTH_NO_PRIV}, "unsupported_level"),
    ],
    ids=["digest", "decryption", "user", "level"],
)
def test_who_is_not_the_user_is_said_once_and_no_secret_with_it(home, capfd, user, options, reason):
    async def scenario():
        async with Running() as source:
            for engine_time in range(1000, 1005):
                source.send(trap(user=user, engine_time=engine_time, **options))
            refused = await source.event()
            source.send(trap())
            return refused, await source.event()

    refused, accepted = asyncio.run(scenario())
    assert (refused["kind"], refused["refusal"]["reason"]) == ("snmp_auth_failure", reason)
    assert accepted["kind"] == "interface_down", "four more were counted, not said"
    said = capfd.readouterr()
    assert f'"rejected.{reason}": 5' in said.err
    for secret in (AUTH_PASSWORD, PRIV_PASSWORD, "not-the-password"):
        assert secret not in said.out + said.err + str(refused)


def test_an_informs_sender_with_the_wrong_password_is_told_so_and_said(home):
    async def scenario():
        async with Running() as source:
            informer = Informer(source, replace(USER, auth_password="not-the-password"))
            nobody = UsmUser(name="noc", sources=USER.sources)
            informer.engine_id = (await informer.ask(informer.inform(0, 0, nobody))).engine_id
            report = await informer.ask(informer.inform(0, 0))
            informer.close()
            return report, await source.event()

    report, event = asyncio.run(scenario())
    assert report.level is SecurityLevel.NO_AUTH_NO_PRIV
    assert (event["kind"], event["refusal"]["reason"]) == ("snmp_auth_failure", "wrong_digest")


def test_a_recorded_trap_is_refused(home):
    async def scenario():
        async with Running() as source:
            recorded = trap()
            source.send(recorded)
            await source.event()
            source.send(recorded)
            return await source.event()

    event = asyncio.run(scenario())
    assert (event["kind"], event["refusal"]["reason"]) == ("snmp_auth_failure", "replayed")


def wait_until_acknowledged(spool: Path) -> None:
    reader = open_reader(spool)
    give_up_at = time.monotonic() + 30
    while reader.depth():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    reader.close()


def test_after_a_restart_boots_have_grown_and_recordings_are_refused(home):
    recorded = trap(engine_time=1000)

    async def first():
        async with Running() as source:
            for datagram in (recorded, trap(4, engine_time=2000)):
                source.send(datagram)
                await source.event()
            informer = Informer(source)
            clock = await informer.discover()
            inform = informer.inform(clock.boots, clock.time)
            await informer.ask(inform)
            await source.event()
            informer.close()
            await asyncio.to_thread(wait_until_acknowledged, home / "spool")
            return inform, clock

    async def second(inform):
        async with Running() as source:
            for _ in range(3):  # nobody answered: these are put to the rules again
                await source.event()
            source.send(recorded)
            refused = await source.event()
            informer = Informer(source)
            report = await informer.ask(inform)
            informer.close()
            return refused, report

    inform, clock = asyncio.run(first())
    kept = home / "var" / "engine-clocks.json"
    assert {file.stat().st_mode & 0o777 for file in kept.parent.iterdir()} == {0o600}
    assert [engine["time"] for engine in json.loads(kept.read_text())["engines"]] == [2000]
    refused, report = asyncio.run(second(inform))
    assert refused["refusal"]["reason"] == "not_in_time_window"
    assert (report.engine_id, report.boots) == (clock.engine_id, clock.boots + 1)
    assert report.level is SecurityLevel.AUTH_NO_PRIV, "a Report, by which a genuine sender learns our new boots"


def test_without_users_v3_is_refused_and_no_engine_is_kept(home):
    (home / "fannel.toml").write_text("")

    async def scenario():
        async with Running() as source:
            source.send(trap())
            return await source.event()

    event = asyncio.run(scenario())
    assert (event["kind"], event["refusal"]["reason"]) == ("datagram_refused", "unsupported_version")
    assert "no SNMPv3 user is configured" in event["refusal"]["detail"]
    assert not (home / "var").exists()


def test_users_may_be_in_a_file_of_their_own_and_their_passwords_in_others(home, monkeypatch):
    (home / "fannel.toml").write_text("")
    secrets = home / "secrets"
    secrets.mkdir()
    (secrets / "users.toml").write_text(
        USERS.replace(f'auth_password = "{AUTH_PASSWORD}"', 'auth_password_file = "auth"')
    )
    (secrets / "auth").write_text(f"{AUTH_PASSWORD}\n")
    monkeypatch.setenv("FANNEL_TRAP__USERS_FILE", "secrets/users.toml")

    async def scenario():
        async with Running() as source:
            source.send(trap())
            return await source.event(), os.environ["FANNEL_TRAP__USERS_FILE"]

    event, exported = asyncio.run(scenario())
    assert event["kind"] == "interface_down"
    assert Path(exported) == secrets / "users.toml", "playbooks run in another folder"


@pytest.mark.parametrize("key", ["users", "users_file", "engine_file"])
def test_a_rulebook_holds_no_keys(home, key):
    async def scenario():
        async with Running({key: "x"}):
            pass

    with pytest.raises(config.ConfigError, match=f"trap.{key}: not in a rulebook"):
        asyncio.run(scenario())


def test_options_of_the_rulebook_leave_the_users_alone(home):
    async def scenario():
        async with Running({"communities": ["other"]}) as source:
            source.send(trap())
            return await source.event()

    assert asyncio.run(scenario())["kind"] == "interface_down"


def test_two_users_that_cannot_be_told_apart_end_it_at_start(home):
    (home / "fannel.toml").write_text(USERS + USERS)

    async def scenario():
        async with Running():
            pass

    with pytest.raises(config.ConfigError, match=r"^trap.users: SNMPv3 user 'noc': is there twice") as told:
        asyncio.run(scenario())
    assert AUTH_PASSWORD not in str(told.value)


def test_boots_that_cannot_be_kept_end_it_at_start(home):
    (home / "var").write_text("a file where the folder should be")

    async def scenario():
        async with Running():
            pass

    with pytest.raises(StartError, match=r"engine(-clocks)?\.json: .*trap\.engine_file"):
        asyncio.run(scenario())
