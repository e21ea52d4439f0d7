"""What the receiver answers: informs it may promise to keep, and the steps by which SNMPv3 senders find our engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysnmp_v3 import PysnmpEngine

from fannel.config import ConfigError, Trap, TrapUser
from fannel.intake.answerer import Answerer, Judgement
from fannel.intake.counters import Counters
from fannel.intake.datagram import Datagram, Note
from fannel.intake.engine_file import EngineFile
from fannel.intake.v3_users import usm_user
from fannel.wire.encoder import encode_trap
from fannel.wire.message import RESPONSE
from fannel.wire.proxy import SIGNATURE
from fannel.wire.snmpv3 import read_envelope
from fannel.wire.usm import SecurityLevel, UsmUser
from fannel.wire.v3_sender import V3Sender
from fannel.wire.varbind import ValueType, WireVarBind

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
DEVICE = bytes.fromhex("80001f8804") + b"device"
START = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = "192.0.2.1"
NOC = TrapUser(
    name="noc",
    auth="sha256",
    auth_password="s3cret-auth-pw",
    priv="aes128",
    priv_password="s3cret-priv-pw",
    sources=("192.0.2.0/24",),
)
USER = usm_user(NOC)
NOBODY = UsmUser(name="noc", sources=USER.sources)
WRONG = replace(USER, auth_password="not-the-password")
JUST_KEPT = Judgement(keep=True)


class Lab:
    """One start of an engine in a folder, and its answerer."""

    def __init__(self, path, *, users=(NOC,), **options) -> None:
        settings = {name: options.pop(name) for name in ("allowed_sources", "proxy_from") if name in options}
        self.counters = Counters()
        self.engine = EngineFile.open(path)
        self.now = 0.0
        self.answerer = Answerer(
            Trap(users=users, **settings), self.engine, self.counters, clock=lambda: self.now, **options
        )

    def judge(self, payload: bytes, after_s: float = 1.0, source: str = SOURCE) -> Judgement:
        assert self.answerer.concerns(payload)
        self.now = after_s
        return self.answerer.judge(Datagram(payload, source, 40000, START + timedelta(seconds=after_s)))

    def inform(self, engine_time: int = 1, *, user=USER, boots=None, **options) -> bytes:
        sender = V3Sender(user, self.engine.engine_id)
        boots = self.engine.boots if boots is None else boots
        options = {"pdu": "inform"} | options
        return sender.encode(LINK_DOWN, boots=boots, engine_time=engine_time, **options)


@pytest.fixture
def start(tmp_path):
    labs = []

    def one(**options) -> Lab:
        labs.append(Lab(tmp_path / "engine.json", **options))
        return labs[-1]

    yield one
    labs[-1].answerer.close()


@pytest.fixture
def lab(start) -> Lab:
    return start()


def trap(*, user=USER, engine_time=1000, **options) -> bytes:
    return V3Sender(user, DEVICE).encode(LINK_DOWN, boots=3, engine_time=engine_time, **options)


def discovery() -> bytes:
    return V3Sender(NOBODY, b"").encode(LINK_DOWN, boots=0, engine_time=0, pdu="inform")


def v2c(**options) -> bytes:
    return encode_trap(LINK_DOWN, **({"community": b"public", "pdu": "inform"} | options))


class TestCommunities:
    def test_an_inform_is_kept_acknowledged_and_answered_once_it_is_durable(self, lab):
        judged = lab.judge(v2c(request_id=4711))
        assert (judged.keep, judged.note, judged.reply, judged.rejected) == (True, Note.ACKNOWLEDGED, None, "")
        assert judged.respond() == v2c(request_id=4711).replace(b"\xa6", bytes([RESPONSE]))

    @pytest.mark.parametrize(
        ("payload", "source"),
        [
            (v2c(community=b"guess"), SOURCE),
            (v2c(), "203.0.113.1"),
            (v2c().replace(b"\xa6", b"\xa0"), SOURCE),
            (v2c()[:-1], SOURCE),
        ],
        ids=["community", "source", "a get", "cut short"],
    )
    def test_what_is_refused_is_kept_for_the_observer_to_say_and_not_answered(self, start, payload, source):
        lab = start(allowed_sources=("192.0.2.0/24",))
        judged = lab.answerer.judge(Datagram(payload, source, 40000, START))
        assert judged == JUST_KEPT

    def test_no_trap_is_acknowledged(self, lab):
        for payload in (v2c(pdu="trap"), v2c(pdu="trap", version="1")):
            assert lab.answerer.judge(Datagram(payload, SOURCE, 40000, START)) == JUST_KEPT


class TestProxied:
    """PROXY protocol v2: the load balancer is asked whether it may, the sender within whether it may come in."""

    BALANCER = "198.51.100.7"
    HEADER = SIGNATURE + bytes.fromhex("2112000c") + bytes([192, 0, 2, 1, 127, 0, 0, 1]) + bytes(4)

    def test_an_inform_within_is_judged_by_its_sender_and_answered_as_itself(self, start):
        lab = start(proxy_from=("198.51.100.0/24",), allowed_sources=("192.0.2.0/24",))
        judged = lab.judge(self.HEADER + v2c(), source=self.BALANCER)
        assert judged.note is Note.ACKNOWLEDGED
        assert judged.respond() == v2c().replace(b"\xa6", bytes([RESPONSE]))
        assert lab.judge(self.HEADER + lab.inform(), source=self.BALANCER).respond

    @pytest.mark.parametrize(
        ("settings", "source"),
        [
            ({"proxy_from": ("198.51.100.0/24",), "allowed_sources": ("203.0.113.0/24",)}, BALANCER),
            ({"proxy_from": ("198.51.100.0/24",)}, "203.0.113.1"),
        ],
        ids=["a sender not allowed", "not a load balancer of ours"],
    )
    def test_what_is_refused_is_kept_for_the_observer_to_say(self, start, settings, source):
        assert start(**settings).judge(self.HEADER + v2c(), source=source) == JUST_KEPT

    def test_without_load_balancers_a_header_is_no_concern(self, lab):
        assert not lab.answerer.concerns(self.HEADER + v2c())


class TestVersion3:
    def test_a_sender_that_knows_nothing_finds_our_engine_then_our_clock_then_is_acknowledged(self, lab):
        first = lab.judge(discovery(), after_s=10)
        assert (first.keep, first.rejected) == (False, "unknown_engine")
        assert read_envelope(first.reply).engine_id == lab.engine.engine_id
        second = lab.judge(lab.inform(0, boots=0), after_s=200)
        assert (second.keep, second.rejected) == (False, "not_in_time_window")
        clock = read_envelope(second.reply)
        assert (clock.boots, clock.time, clock.level) == (lab.engine.boots, 200, SecurityLevel.AUTH_NO_PRIV)
        third = lab.judge(lab.inform(200), after_s=201)
        assert (third.keep, third.note, third.reply) == (True, Note.ACKNOWLEDGED, None)
        assert read_envelope(third.respond()).time == 201

    @pytest.mark.parametrize(
        ("user", "options"),
        [
            (WRONG, {}),
            (replace(USER, name="somebody"), {}),
            (replace(USER, priv_password="not-the-password"), {}),
            (USER, {"level": SecurityLevel.AUTH_NO_PRIV}),
        ],
        ids=["digest", "user", "decryption", "level"],
    )
    def test_who_fails_is_told_so_and_kept_for_the_observer_to_say(self, lab, user, options):
        judged = lab.judge(lab.inform(user=user, **options))
        assert (judged.keep, judged.note, judged.respond, judged.rejected) == (True, Note.NONE, None, "")
        assert read_envelope(judged.reply).level is SecurityLevel.NO_AUTH_NO_PRIV

    def test_an_inform_that_wants_no_reports_is_answered_all_the_same(self, lab):
        assert lab.judge(lab.inform(reportable=False)).note is Note.ACKNOWLEDGED
        assert lab.judge(lab.inform(reportable=False, boots=9)) == JUST_KEPT

    def test_a_trap_that_wants_reports_although_it_should_not_is_kept_and_gets_none(self, lab):
        assert lab.judge(trap(reportable=True)) == JUST_KEPT
        forged = lab.judge(trap(reportable=True, user=WRONG), source="192.0.2.2")
        assert (forged.keep, forged.rejected) == (False, "unknown_engine")

    def test_an_inform_to_an_engine_that_is_not_ours_is_told_which_is(self, lab):
        judged = lab.judge(trap(pdu="inform"))
        assert (judged.keep, judged.rejected) == (False, "unknown_engine")
        assert read_envelope(judged.reply).engine_id == lab.engine.engine_id

    def test_a_trap_that_names_our_engine_is_of_our_clock_so_it_is_vouched_for_here(self, lab):
        payload = lab.inform(pdu="trap")
        assert lab.judge(payload) == Judgement(keep=True, note=Note.ACKNOWLEDGED)
        assert lab.judge(payload) == JUST_KEPT, "replayed: for the observer to say"
        assert lab.judge(lab.inform(pdu="trap", boots=9)) == JUST_KEPT

    def test_without_users_it_is_kept_for_the_observer_to_refuse(self, tmp_path):
        answerer = Answerer.open(Trap(engine_file=tmp_path / "engine.json"), Counters())
        assert answerer.judge(Datagram(discovery(), SOURCE, 40000, START)) == JUST_KEPT
        answerer.close()
        assert list(tmp_path.iterdir()) == []

    def test_reports_are_sent_up_to_a_limit_each_second_and_the_rest_is_counted(self, start):
        lab = start(most_reports_per_s=3)
        judged = [lab.judge(discovery(), 10 + n / 10) for n in range(8)]
        assert sum(one.reply is not None for one in judged) == 3
        assert lab.counters.get("reports_suppressed") == 5
        assert {(one.keep, one.rejected) for one in judged} == {(False, "unknown_engine")}
        assert lab.judge(discovery(), 11.5).reply is not None

    def test_the_response_is_as_of_when_it_is_made(self, lab):
        waited = lab.judge(lab.inform(1000), 1000)
        lab.now = 1003.0
        assert read_envelope(waited.respond()).time == 1003

    def test_after_a_restart_boots_have_grown_and_a_recorded_inform_is_refused(self, start):
        lab = start()
        recorded = lab.inform()
        assert lab.judge(recorded).respond
        lab.answerer.close()
        again = start()
        judged = again.judge(recorded)
        assert (judged.keep, judged.rejected) == (False, "not_in_time_window")
        assert read_envelope(judged.reply).boots == lab.engine.boots + 1

    def test_two_users_that_cannot_be_told_apart_end_it_at_start_and_let_go_of_the_file(self, tmp_path):
        trap_of = {"engine_file": tmp_path / "engine.json"}
        with pytest.raises(ConfigError, match=r"^trap.users: SNMPv3 user 'noc': is there twice"):
            Answerer.open(Trap(users=(NOC, NOC), **trap_of), Counters())
        Answerer.open(Trap(users=(NOC,), **trap_of), Counters()).close()


class TestDefects:
    def test_a_defect_of_ours_keeps_the_datagram_and_is_logged_once_per_kind(self, lab, monkeypatch, capfd):
        def defect(*_):
            raise KeyError("ours")

        monkeypatch.setattr("fannel.wire.v3_receiver.V3Receiver.receive", defect)
        monkeypatch.setattr("fannel.intake.admission.decode", defect)
        for payload in (discovery(), lab.inform(), v2c()):
            assert lab.judge(payload) == JUST_KEPT
        assert lab.counters.get("defects", "answering") == 3
        said = capfd.readouterr()
        assert (said.out + said.err).count("could not be judged") == 1


# --- concerns: whatever judge() would answer ------------------------------------------------------------------------

ENGINE = bytes.fromhex("8000000005") + b"twelve octet"
ANSWERING = Answerer(
    Trap(users=(NOC, TrapUser(name="open", sources=("192.0.2.0/24",))), communities=("public", "p" * 140)),
    type("Engine", (), {"engine_id": ENGINE, "boots": 7})(),
    Counters(),
    clock=lambda: 0.0,
)
OPEN = UsmUser(name="open", sources=USER.sources)
SENDERS = {
    (user.name, engine): V3Sender(user, engine) for user in (USER, OPEN, WRONG) for engine in (ENGINE, DEVICE, b"")
}
VARBINDS = st.lists(
    st.builds(WireVarBind, st.just(f"{LINK_DOWN}.1"), st.just(ValueType.OCTET_STRING), st.binary(max_size=200)),
    max_size=3,
)
COMMUNITY = st.builds(
    lambda varbinds, community, request_id, pdu: encode_trap(
        LINK_DOWN, varbinds, community=community, request_id=request_id, pdu=pdu
    ),
    VARBINDS,
    st.sampled_from([b"public", b"", b"p" * 140]),
    st.integers(-(2**31), 2**31 - 1),
    st.sampled_from(["trap", "inform"]),
)
VERSION_3 = st.builds(
    lambda sender, varbinds, boots, message_id, pdu, level, reportable, context: SENDERS[sender].encode(
        LINK_DOWN,
        varbinds,
        boots=boots,
        engine_time=0,
        pdu=pdu,
        message_id=message_id,
        level=level if sender[0] != "open" else None,
        reportable=reportable,
        context=context,
    ),
    st.sampled_from(sorted(SENDERS)),
    VARBINDS,
    st.sampled_from([0, 7, 2**31 - 1]),
    st.integers(0, 2**31 - 1),
    st.sampled_from(["trap", "inform"]),
    st.sampled_from([None, SecurityLevel.NO_AUTH_NO_PRIV, SecurityLevel.AUTH_NO_PRIV]),
    st.sampled_from([None, True, False]),
    st.text(max_size=8),
)


def wants(judged: Judgement) -> bool:
    """Whether something would be lost had nobody judged it."""
    return judged != JUST_KEPT


@given(COMMUNITY | VERSION_3)
def test_whatever_would_be_answered_is_a_concern(payload):
    if wants(ANSWERING.judge(Datagram(payload, SOURCE, 40000, START))):
        assert ANSWERING.concerns(payload)


@given(COMMUNITY | VERSION_3, st.data())
def test_so_is_what_is_spelt_in_an_unusual_way(payload, data):
    """Octets changed, inserted and left out near the beginning, where the frame is."""
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, min(60, len(payload) - 1)))
        inserted, dropped = data.draw(st.binary(max_size=2)), data.draw(st.integers(0, 2))
        payload = payload[:at] + inserted + payload[at + dropped :] or b"\x30"
    if wants(ANSWERING.judge(Datagram(payload, SOURCE, 40000, START))):
        assert ANSWERING.concerns(payload)


def longer_lengths(payload: bytes, octets: int) -> bytes:
    """A v2c message with every length of its frame written in `octets` octets."""

    def length(size: int) -> bytes:
        return bytes([0x80 | octets]) + size.to_bytes(octets, "big")

    frame = 2 if payload[1] < 0x80 else payload[1] - 0x7E
    community = payload[frame + 5 : frame + 5 + payload[frame + 4]]
    rest = payload[frame + 5 + len(community) :]
    inside = b"\x02" + length(1) + b"\x01" + b"\x04" + length(len(community)) + community + rest
    return b"\x30" + length(len(inside)) + inside


@pytest.mark.parametrize("octets", [1, 2, 3, 9])
def test_long_lengths_are_in_doubt(octets):
    payload = longer_lengths(v2c(), octets)
    assert ANSWERING.judge(Datagram(payload, SOURCE, 40000, START)).respond
    assert ANSWERING.concerns(payload)


def test_informs_of_pysnmp_are_a_concern_and_its_traps_are_none():
    theirs = PysnmpEngine(DEVICE, USER, ENGINE)
    assert ANSWERING.concerns(theirs.build(LINK_DOWN, [], inform=True))
    assert not ANSWERING.concerns(theirs.build(LINK_DOWN, []))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x30",
        b"\x30\x82",
        b"hello",
        b"\x00" * 1000,
        b"<34>Oct 11 22:14:15 router su: failed",
        v2c(pdu="trap"),
        v2c(pdu="trap", community=b"p" * 100),
        v2c(version="1", pdu="trap"),
        trap(),
        trap(level=SecurityLevel.AUTH_NO_PRIV),
    ],
    ids=["", "a tag", "half a length", "text", "zeros", "syslog", "v2c", "long community", "v1", "v3", "v3 auth"],
)
def test_plain_traps_and_garbage_are_no_concern(payload):
    assert not ANSWERING.concerns(payload)
