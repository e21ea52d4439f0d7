"""The receiver as its caller sees it: what is accepted, what is reported, what is refused, and what is remembered."""

import ipaddress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.wire import ber
from fannel.wire.engine import FORGET_AFTER_S, LAST_BOOTS, TIME_WINDOW_S, DistantEngine, LocalEngine
from fannel.wire.message import REPORT, RESPONSE
from fannel.wire.snmp import decode
from fannel.wire.snmpv3 import encode_envelope, encode_scoped_pdu, is_v3, read_envelope, read_scoped_pdu
from fannel.wire.usm import SecurityLevel, UserBook, UsmUser
from fannel.wire.usm_keys import AuthProtocol, KeyExtension, PrivProtocol, password_to_key
from fannel.wire.v3_receiver import Accepted, Refused, Report, V3Receiver
from fannel.wire.v3_sender import V3Sender
from fannel.wire.varbind import ValueType, WireVarBind, read_varbinds

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
VARBINDS = [WireVarBind("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 3)]
OURS, DEVICE, OTHER = (bytes.fromhex("8000000004") + name for name in (b"fannel", b"device", b"other"))
SOURCE = "192.0.2.1"
NETWORKS = (ipaddress.ip_network("192.0.2.0/24"),)
USM_STATS = "1.3.6.1.6.3.15.1.1"

USER = UsmUser(
    name="lab",
    auth_protocol=AuthProtocol.SHA256,
    auth_password="s3cret-auth-pw",
    priv_protocol=PrivProtocol.AES128,
    priv_password="s3cret-priv-pw",
    sources=NETWORKS,
)
AUTH_ONLY = UsmUser(name="auth", auth_protocol=AuthProtocol.MD5, auth_password="s3cret-auth-pw", sources=NETWORKS)
OPEN = UsmUser(name="open", sources=NETWORKS)


def receiver(*users: UsmUser, boots=7, **options) -> V3Receiver:
    return V3Receiver(users or (USER, AUTH_ONLY, OPEN), LocalEngine(OURS, boots, started=0.0), **options)


DEVICE_SENDER, INFORM_SENDER = V3Sender(USER, DEVICE), V3Sender(USER, OURS)


def trap(*, sender=DEVICE_SENDER, boots=3, engine_time=1000, **options) -> bytes:
    return sender.encode(LINK_DOWN, VARBINDS, boots=boots, engine_time=engine_time, **options)


def inform(*, sender=INFORM_SENDER, boots=7, engine_time=100, **options) -> bytes:
    return sender.encode(LINK_DOWN, VARBINDS, boots=boots, engine_time=engine_time, pdu="inform", **options)


def reason(outcome) -> str:
    return "accepted" if isinstance(outcome, Accepted) else outcome.reason


def opened(reply: bytes, user: UsmUser = USER) -> tuple:
    """An answer of ours as its addressee reads it: (envelope, tag, request-id, error-status, varbinds)."""
    envelope = read_envelope(reply)
    book = UserBook([user])
    if envelope.level is not SecurityLevel.NO_AUTH_NO_PRIV:
        assert book.authenticator(user, OURS).verifies(reply, envelope.code_start, envelope.code_end)
    payload = reply[envelope.payload_start : envelope.payload_end]
    if envelope.level is SecurityLevel.AUTH_PRIV:
        payload = book.cipher(user, OURS).decrypt(payload, envelope.boots, envelope.time, envelope.salt)
    scoped = read_scoped_pdu(payload, 0, len(payload))
    bounds = ber.expect_all(payload, scoped.start, scoped.end, ((ber.INTEGER, "an integer"),) * 3)
    request_id, error_status, _ = (
        ber.read_signed(payload, start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=True)
    )
    start, end = ber.expect(payload, bounds[-1], scoped.end, ber.SEQUENCE, "varbinds")
    return envelope, scoped.pdu, request_id, error_status, read_varbinds(payload, start, end)


class TestTraps:
    def test_a_genuine_trap_is_accepted_and_names_its_engine(self):
        outcome = receiver().receive(trap(context="vrf-red"), SOURCE, 0.0)
        message = outcome.message
        assert (message.version, message.user, message.engine_id) == ("3", "lab", DEVICE.hex())
        assert (message.context, message.varbinds, outcome.respond) == ("vrf-red", tuple(VARBINDS), None)

    def test_a_memoryview_will_do(self):
        assert reason(receiver().receive(memoryview(trap()), SOURCE, 0.0)) == "accepted"

    def test_octets_after_the_message_are_ignored(self):
        assert reason(receiver().receive(trap() + b"junk", SOURCE, 0.0)) == "accepted"

    def test_a_trap_that_comes_twice_is_accepted_once(self):
        ours, datagram = receiver(), trap()
        assert reason(ours.receive(datagram, SOURCE, 0.0)) == "accepted"
        again = ours.receive(datagram, SOURCE, 0.0)
        assert isinstance(again, Refused)
        assert again.reason == "replayed"

    def test_a_recorded_trap_is_refused_for_ever_by_replay_or_by_window(self):
        ours, recorded = receiver(), trap()
        ours.receive(recorded, SOURCE, 0.0)
        for now in range(1, 1000, 7):
            ours.receive(trap(engine_time=1000 + now), SOURCE, float(now))
            late = reason(ours.receive(recorded, SOURCE, float(now)))
            assert late == ("replayed" if now <= TIME_WINDOW_S else "not_in_time_window")

    def test_a_trap_of_an_earlier_start_is_refused(self):
        ours = receiver()
        ours.receive(trap(boots=4), SOURCE, 0.0)
        assert reason(ours.receive(trap(boots=3, engine_time=9999), SOURCE, 1.0)) == "not_in_time_window"
        assert reason(ours.receive(trap(boots=LAST_BOOTS), SOURCE, 1.0)) == "not_in_time_window"

    def test_what_was_known_before_our_restart_still_counts(self):
        before = receiver()
        before.receive(trap(boots=4), SOURCE, 0.0)
        after = receiver(known_engines=before.engines())
        assert reason(after.receive(trap(boots=3), SOURCE, 1.0)) == "not_in_time_window"
        after.forget_engine(DEVICE)
        assert reason(after.receive(trap(boots=3), SOURCE, 1.0)) == "accepted"

    def test_a_forged_trap_does_not_move_the_senders_clock(self):
        ours, forger = receiver(), V3Sender(replace(USER, auth_password="guessed-wrong"), DEVICE)
        ours.receive(trap(), SOURCE, 0.0)
        assert reason(ours.receive(trap(sender=forger, boots=9999), SOURCE, 1.0)) == "wrong_digest"
        assert reason(ours.receive(trap(engine_time=1001), SOURCE, 1.0)) == "accepted"

    @pytest.mark.parametrize("reportable", [False, True])
    def test_no_trap_of_a_device_is_ever_answered(self, reportable):
        """Nobody reads an answer to a trap, and an address that is not its sender's may not be flooded through us."""
        ours = receiver()
        ours.receive(trap(), SOURCE, 0.0)
        wrong = V3Sender(replace(USER, auth_password="guessed-wrong"), DEVICE)
        outcomes = [
            ours.receive(trap(sender=wrong, reportable=reportable), SOURCE, 0.0),
            ours.receive(trap(boots=1, reportable=reportable), SOURCE, 0.0),
            ours.receive(trap(level=SecurityLevel.AUTH_NO_PRIV, reportable=reportable), SOURCE, 0.0),
        ]
        assert [type(outcome) for outcome in outcomes] == [Refused] * 3

    def test_a_trap_that_wants_reports_is_read_once_its_engine_is_known(self):
        """It should not set the flag, but what it means is certain."""
        ours = receiver()
        assert reason(ours.receive(trap(reportable=True), SOURCE, 0.0)) == "unknown_engine"
        ours.receive(trap(), SOURCE, 0.0)
        assert reason(ours.receive(trap(reportable=True), "192.0.2.2", 0.0)) == "accepted"
        bound = receiver(replace(USER, engine_id=DEVICE))
        assert reason(bound.receive(trap(reportable=True), SOURCE, 0.0)) == "accepted"


class TestWhoIsTurnedAway:
    @pytest.mark.parametrize(
        ("datagram", "source", "expected"),
        [
            (trap(), "203.0.113.1", "unknown_user"),
            (trap(sender=V3Sender(replace(USER, name="nobody"), DEVICE)), SOURCE, "unknown_user"),
            (trap(sender=V3Sender(replace(USER, auth_password="guessed-wrong"), DEVICE)), SOURCE, "wrong_digest"),
            (trap(sender=V3Sender(replace(USER, auth_protocol=AuthProtocol.SHA1), DEVICE)), SOURCE, "wrong_digest"),
            (trap(sender=V3Sender(replace(USER, priv_password="guessed-wrong"), DEVICE)), SOURCE, "decryption_error"),
            (trap(level=SecurityLevel.AUTH_NO_PRIV), SOURCE, "unsupported_level"),
            (trap(level=SecurityLevel.NO_AUTH_NO_PRIV), SOURCE, "unsupported_level"),
            (trap(sender=V3Sender(replace(USER, name="auth"), DEVICE)), SOURCE, "unsupported_level"),
            (trap(sender=V3Sender(replace(USER, name="open"), DEVICE)), SOURCE, "unsupported_level"),
            (trap(sender=V3Sender(USER, b"four")), SOURCE, "unknown_engine"),
            (b"", SOURCE, "undecodable"),
            (bytes.fromhex("3003020101"), SOURCE, "unsupported_version"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_for_which_reason(self, datagram, source, expected):
        outcome = receiver().receive(datagram, source, 0.0)
        assert isinstance(outcome, Refused)
        assert outcome.reason == expected
        assert "s3cret" not in repr(outcome)

    def test_a_user_bound_to_one_engine_is_unknown_at_another(self):
        ours = receiver(replace(USER, engine_id=DEVICE))
        assert reason(ours.receive(trap(), SOURCE, 0.0)) == "accepted"
        assert reason(ours.receive(trap(sender=V3Sender(USER, OTHER)), SOURCE, 0.0)) == "unknown_user"

    def test_a_get_is_no_notification(self):
        ours = receiver()
        payload = encode_scoped_pdu(OURS, b"", 0xA0, bytes.fromhex("0201010201000201003000"))
        get = encode_envelope(
            payload,
            message_id=1,
            level=SecurityLevel.NO_AUTH_NO_PRIV,
            reportable=True,
            engine_id=OURS,
            boots=7,
            engine_time=0,
            user=b"open",
        )
        assert ours.receive(get, SOURCE, 0.0) == Refused(
            "not_a_notification", "GetRequest is neither a trap nor an inform (octet 73)"
        )

    def test_a_security_model_that_is_not_usm_is_named(self):
        tsm = bytearray(trap())
        tsm[bytes(tsm).index(bytes.fromhex("040103020103")) + 5] = 4
        assert reason(receiver().receive(bytes(tsm), SOURCE, 0.0)) == "unsupported_security_model"

    def test_encryption_without_authentication_is_undecodable(self):
        """RFC 3412 §7.2 5: such msgFlags are invalid."""
        datagram = bytearray(trap())
        datagram[bytes(datagram).index(bytes.fromhex("040103020103")) + 2] = 2
        assert reason(receiver().receive(bytes(datagram), SOURCE, 0.0)) == "undecodable"

    def test_the_beginning_of_a_digest_is_not_enough(self):
        """One octet instead of 24 would be right once in 256 times."""
        envelope = read_envelope(trap(sender=V3Sender(AUTH_ONLY, DEVICE)))
        ours = receiver()
        head = envelope.data[: envelope.code_start - 2]
        outcomes = set()
        for guess in range(256):
            short = _resized(head + bytes((4, 1, guess)) + envelope.data[envelope.code_end :], 11)
            outcomes.add(reason(ours.receive(short, SOURCE, 0.0)))
        assert outcomes == {"wrong_digest"}


def _resized(message: bytes, by: int) -> bytes:
    """A message that became `by` octets shorter inside its security parameters, with its lengths put right."""
    data = bytearray(message)
    start, end = ber.expect(message + bytes(by), 0, len(message) + by, ber.SEQUENCE, "a message")
    data[start - 1] -= by
    at = start + 3
    at += 2 + data[at + 1]  # behind msgGlobalData
    data[at + 1] -= by
    data[at + 3] -= by
    assert end == len(message) + by
    return bytes(data)


class TestInforms:
    def test_a_genuine_inform_is_accepted_and_the_response_is_its_equal(self):
        outcome = receiver().receive(inform(message_id=11, request_id=12, context="vrf-red"), SOURCE, 100.0)
        assert outcome.message.pdu == "inform"
        envelope, pdu, request_id, error_status, varbinds = opened(outcome.respond(102.0))
        assert (envelope.message_id, envelope.level, envelope.reportable) == (11, SecurityLevel.AUTH_PRIV, False)
        assert (envelope.engine_id, envelope.boots, envelope.time, envelope.user) == (OURS, 7, 102, b"lab")
        assert (pdu, request_id, error_status) == (RESPONSE, 12, 0)
        assert [varbind.value for varbind in varbinds] == [0, LINK_DOWN, 3]

    @pytest.mark.parametrize("user", [AUTH_ONLY, OPEN], ids=lambda user: user.name)
    def test_the_response_is_as_protected_as_the_inform(self, user):
        outcome = receiver().receive(inform(sender=V3Sender(user, OURS)), SOURCE, 100.0)
        envelope, pdu, *_ = opened(outcome.respond(100.0), user)
        assert (envelope.level, pdu) == (user.level, RESPONSE)

    def test_no_two_responses_share_a_salt(self):
        ours = receiver(first_salt=2**64 - 1)
        outcomes = [ours.receive(inform(), SOURCE, 100.0) for _ in range(3)]
        salts = {read_envelope(outcome.respond(100.0)).salt for outcome in outcomes}
        assert salts == {b"\xff" * 8, bytes(8), bytes(7) + b"\x01"}

    def test_two_receivers_do_not_start_with_the_same_salt(self):
        salts = {read_envelope(receiver().receive(inform(), SOURCE, 100.0).respond(100.0)).salt for _ in range(4)}
        assert len(salts) == 4

    def test_a_repeated_inform_is_answered_again(self):
        """Its sender may have missed the Response."""
        ours, datagram = receiver(), inform()
        assert [reason(ours.receive(datagram, SOURCE, 100.0)) for _ in range(2)] == ["accepted"] * 2

    def test_the_engine_of_its_context_is_the_sender_unless_it_is_ours(self):
        ours = receiver()
        assert ours.receive(inform(), SOURCE, 100.0).message.engine_id is None
        told = ours.receive(inform(context_engine_id=DEVICE), SOURCE, 100.0)
        assert told.message.engine_id == DEVICE.hex()

    @pytest.mark.parametrize("boots", [6, 8])
    def test_wrong_boots_get_a_report_that_synchronises(self, boots):
        report = receiver().receive(inform(boots=boots, message_id=11), SOURCE, 100.0)
        assert isinstance(report, Report)
        assert report.reason == "not_in_time_window"
        envelope, pdu, request_id, _, varbinds = opened(report.reply)
        assert (envelope.level, envelope.message_id, envelope.reportable) == (SecurityLevel.AUTH_NO_PRIV, 11, False)
        assert (envelope.engine_id, envelope.boots, envelope.time) == (OURS, 7, 100)
        assert (pdu, request_id) == (REPORT, 0)  # the request-id is not decrypted for a message that is too old
        assert varbinds == [WireVarBind(f"{USM_STATS}.2.0", ValueType.COUNTER32, 1)]

    @pytest.mark.parametrize("off", [-TIME_WINDOW_S - 1, TIME_WINDOW_S + 1])
    def test_a_clock_that_is_off_gets_the_same(self, off):
        assert reason(receiver().receive(inform(engine_time=1000 + off), SOURCE, 1000.0)) == "not_in_time_window"

    @pytest.mark.parametrize(
        ("datagram", "expected", "counter"),
        [
            (inform(sender=V3Sender(replace(USER, name="nobody"), OURS)), "unknown_user", 3),
            (inform(sender=V3Sender(USER, DEVICE)), "unknown_engine", 4),
            (inform(sender=V3Sender(OPEN, b"")), "unknown_engine", 4),
            (inform(level=SecurityLevel.AUTH_NO_PRIV), "unsupported_level", 1),
            (inform(sender=V3Sender(replace(USER, auth_password="guessed-wrong"), OURS)), "wrong_digest", 5),
            (inform(sender=V3Sender(replace(USER, priv_password="guessed-wrong"), OURS)), "decryption_error", 6),
        ],
        ids=["user", "engine", "discovery", "level", "digest", "decryption"],
    )
    def test_each_fault_has_its_report_and_its_counter(self, datagram, expected, counter):
        ours = receiver()
        for count in (1, 2):
            report = ours.receive(datagram, SOURCE, 100.0)
            assert isinstance(report, Report)
            assert report.reason == expected
            envelope, pdu, _, _, varbinds = opened(report.reply)
            assert (envelope.level, envelope.engine_id, pdu) == (SecurityLevel.NO_AUTH_NO_PRIV, OURS, REPORT)
            assert varbinds == [WireVarBind(f"{USM_STATS}.{counter}.0", ValueType.COUNTER32, count)]

    def test_a_report_repeats_the_request_id_it_can_read(self):
        discovery = inform(sender=V3Sender(OPEN, b""), request_id=4711)
        assert opened(receiver().receive(discovery, SOURCE, 0.0).reply)[2] == 4711

    def test_who_does_not_want_reports_gets_none(self):
        assert isinstance(receiver().receive(inform(boots=1, reportable=False), SOURCE, 100.0), Refused)

    def test_an_inform_under_the_senders_own_engine_is_told_ours(self):
        ours = receiver()
        ours.receive(trap(), SOURCE, 0.0)
        report = ours.receive(inform(sender=DEVICE_SENDER, boots=3, engine_time=1000), SOURCE, 0.0)
        assert isinstance(report, Report)
        assert report.reason == "unknown_engine"

    def test_a_user_bound_to_a_device_serves_no_informs(self):
        assert reason(receiver(replace(USER, engine_id=DEVICE)).receive(inform(), SOURCE, 100.0)) == "unknown_user"

    def test_an_engine_at_its_last_boots_accepts_no_inform(self):
        outcome = receiver(boots=LAST_BOOTS).receive(inform(boots=LAST_BOOTS), SOURCE, 100.0)
        assert outcome.reason == "not_in_time_window"


class TestMemory:
    """What strangers, and users with valid keys, can make it remember."""

    def test_strangers_leave_nothing(self):
        ours = receiver()
        forger = replace(USER, auth_password="guessed-wrong")
        for n in range(20):
            engine = DEVICE + b"%d" % n
            ours.receive(trap(sender=V3Sender(forger, engine)), SOURCE, 0.0)
            ours.receive(trap(sender=V3Sender(OPEN, engine)), SOURCE, 0.0)
            ours.receive(trap(sender=V3Sender(USER, engine)), "203.0.113.1", 0.0)
        assert (ours.engines(), len(ours._sessions)) == ((), 0)

    def test_learned_engines_are_bounded_and_said_so(self):
        ours = receiver(max_engines=2)
        outcomes = [ours.receive(trap(sender=V3Sender(USER, DEVICE + b"%d" % n)), SOURCE, 0.0) for n in range(3)]
        assert [reason(outcome) for outcome in outcomes] == ["accepted", "accepted", "too_many_engines"]
        late = ours.receive(trap(sender=V3Sender(USER, DEVICE + b"2")), SOURCE, FORGET_AFTER_S + 1.0)
        assert reason(late) == "accepted"
        assert len(ours.engines()) == 2

    def test_keys_are_kept_for_the_last_ones_only_and_made_again(self):
        ours = receiver(max_sessions=2)
        senders = [V3Sender(USER, DEVICE + b"%d" % n) for n in range(4)]
        for n in range(8):
            assert reason(ours.receive(trap(sender=senders[n % 4]), SOURCE, 0.0)) == "accepted"
            assert len(ours._sessions) <= 2

    def test_the_keys_that_were_not_used_longest_go_first(self):
        ours = receiver(max_sessions=2)
        for engine in (DEVICE, OTHER, DEVICE, OURS + b"!"):
            ours.receive(trap(sender=V3Sender(USER, engine)), SOURCE, 0.0)
        assert [engine for engine, _, _ in ours._sessions] == [DEVICE, OURS + b"!"]

    def test_a_recorded_trap_from_many_addresses_pushes_nobodys_keys_out(self):
        ours, recorded = receiver(max_sessions=2), trap()
        ours.receive(recorded, SOURCE, 0.0)
        kept = list(ours._sessions)
        for n in range(2, 10):
            assert reason(ours.receive(recorded, f"192.0.2.{n}", 0.0)) == "replayed"
        assert list(ours._sessions) == kept

    def test_the_costly_key_extension_waits_for_a_genuine_message(self, monkeypatch):
        taken = []

        def counted(protocol, password):
            taken.append(password)
            return password_to_key(protocol, password)

        monkeypatch.setattr("fannel.wire.usm_keys.password_to_key", counted)
        reeder = replace(
            USER,
            auth_protocol=AuthProtocol.SHA1,
            priv_protocol=PrivProtocol.AES256,
            key_extension=KeyExtension.REEDER,
        )
        ours = receiver(reeder)
        genuine = trap(sender=V3Sender(reeder, DEVICE))
        forged = trap(sender=V3Sender(replace(reeder, auth_password="guessed-wrong"), DEVICE))
        taken.clear()
        assert reason(ours.receive(forged, SOURCE, 0.0)) == "wrong_digest"
        assert taken == []
        assert reason(ours.receive(genuine, SOURCE, 0.0)) == "accepted"
        assert len(taken) == 1

    def test_a_repr_of_anything_shows_no_secret(self):
        ours = receiver()
        accepted = ours.receive(inform(), SOURCE, 100.0)
        shown = repr([ours, accepted, accepted.message, *ours._sessions.values(), DEVICE_SENDER, accepted.respond])
        assert "s3cret" not in shown


class TestRereading:
    def test_what_was_accepted_can_be_read_again_at_any_age(self):
        ours, datagrams = receiver(), [trap(), inform()]
        first = [ours.receive(datagram, SOURCE, 100.0).message for datagram in datagrams]
        ours.receive(trap(boots=9), SOURCE, 200.0)
        for reader in (ours, receiver()):
            assert [reader.reread(datagram, SOURCE).message for datagram in datagrams] == first

    def test_reading_again_still_wants_it_genuine_and_answers_nobody(self):
        wrong = inform(sender=V3Sender(replace(USER, auth_password="guessed-wrong"), OURS))
        assert receiver().reread(wrong, SOURCE).reason == "wrong_digest"
        assert isinstance(receiver().reread(wrong, SOURCE), Refused)

    def test_an_inform_is_read_again_though_we_are_another_engine_since(self):
        """Boots may have moved on, and a lost engine file begins a new engine: the inform was acknowledged before."""
        kept = inform(context_engine_id=DEVICE)
        first = receiver().receive(kept, SOURCE, 100.0).message
        for since in (LocalEngine(OURS, 8, started=0.0), LocalEngine(OTHER, 1, started=0.0)):
            assert V3Receiver([USER], since).reread(kept, SOURCE).message == first
        plain = V3Receiver([USER], LocalEngine(OTHER, 1, started=0.0)).reread(inform(), SOURCE)
        assert plain.message.engine_id is None, "not the sender's but ours, when it came"

    def test_a_trap_that_wants_reports_is_read_though_its_engine_is_not_known(self):
        assert reason(receiver().receive(trap(reportable=True), SOURCE, 0.0)) == "unknown_engine"
        assert receiver().reread(trap(reportable=True), SOURCE).message.pdu == "trap"

    def test_reading_again_learns_nothing(self):
        ours = receiver()
        ours.reread(trap(boots=9), SOURCE)
        assert ours.engines() == ()
        assert reason(ours.receive(trap(), SOURCE, 0.0)) == "accepted"


class TestDistantEngine:
    """Another process runs our engine: what names it was judged there, and this one answers nobody."""

    @staticmethod
    def distant(engine_id: bytes | None = OURS) -> V3Receiver:
        return V3Receiver([USER, OPEN], DistantEngine(engine_id))

    def test_what_was_judged_on_arrival_is_read_again_without_an_answer(self):
        outcome = self.distant().reread(inform(boots=1, engine_time=9), SOURCE)
        assert (outcome.message.pdu, outcome.respond) == ("inform", None)

    def test_a_genuine_inform_that_nobody_judged_is_not_taken_to_be_of_now(self):
        outcome = self.distant().receive(inform(), SOURCE, 100.0)
        assert (type(outcome), outcome.reason) == (Refused, "not_in_time_window")

    @pytest.mark.parametrize(
        ("datagram", "expected"),
        [
            (inform(sender=V3Sender(replace(USER, name="nobody"), OURS)), "unknown_user"),
            (inform(sender=V3Sender(OPEN, b"")), "unknown_engine"),
            (inform(level=SecurityLevel.AUTH_NO_PRIV), "unsupported_level"),
            (inform(sender=V3Sender(replace(USER, auth_password="guessed-wrong"), OURS)), "wrong_digest"),
            (inform(sender=V3Sender(replace(USER, priv_password="guessed-wrong"), OURS)), "decryption_error"),
        ],
        ids=["user", "discovery", "level", "digest", "decryption"],
    )
    @pytest.mark.parametrize("engine_id", [OURS, None], ids=["known", "not yet known"])
    def test_each_fault_has_the_reason_that_was_reported_and_no_report(self, datagram, expected, engine_id):
        outcome = self.distant(engine_id).receive(datagram, SOURCE, 100.0)
        assert (type(outcome), outcome.reason) == (Refused, expected)

    def test_traps_are_judged_as_ever(self):
        ours = self.distant()
        assert reason(ours.receive(trap(reportable=True), SOURCE, 0.0)) == "accepted"
        assert reason(ours.receive(trap(boots=2), SOURCE, 0.0)) == "not_in_time_window"

    def test_it_follows_when_our_engine_is_another(self):
        ours = self.distant(OTHER)
        ours.follow(DistantEngine(OURS))
        assert reason(ours.receive(inform(), SOURCE, 100.0)) == "not_in_time_window"
        assert ours.engines() == (), "our own clock is none to learn"


# --- hostile octets ---------------------------------------------------------------------------------------------

WHOLE = trap()
PLAIN = trap(sender=V3Sender(OPEN, DEVICE))
HOSTILE = receiver()
HOSTILE.receive(WHOLE, SOURCE, 0.0)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_no_octets_raise(datagram):
    assert isinstance(HOSTILE.receive(datagram, SOURCE, 0.0), Refused)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([WHOLE, inform(), PLAIN, inform(sender=V3Sender(OPEN, OURS))]),
    st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3), st.integers(0, 3)), min_size=1, max_size=4),
)
def test_no_mutated_message_raises(datagram, edits):
    for place, inserted, dropped in edits:
        at = place % len(datagram)
        datagram = datagram[:at] + inserted + datagram[at + dropped :] or b"\x30"
    outcome = HOSTILE.receive(datagram, SOURCE, 0.0)
    if isinstance(outcome, Accepted) and outcome.respond:
        assert read_envelope(outcome.respond(0.0)).engine_id == OURS


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["inform", "trap"]))
def test_no_genuine_message_with_a_hostile_inside_raises(payload, pdu):
    """Who has the keys may still send anything."""
    book = UserBook([USER])
    tag = {"inform": 0xA6, "trap": 0xA7}[pdu]
    scoped = encode_scoped_pdu(OURS, b"", tag, payload)
    for plain in (scoped, payload):
        datagram = encode_envelope(
            book.cipher(USER, OURS).encrypt(plain, 7, 0, bytes(8)),
            message_id=1,
            level=SecurityLevel.AUTH_PRIV,
            reportable=False,
            engine_id=OURS,
            boots=7,
            engine_time=0,
            user=b"lab",
            salt=bytes(8),
            authenticator=book.authenticator(USER, OURS),
        )
        assert reason(HOSTILE.receive(datagram, SOURCE, 0.0)) in {"undecodable", "decryption_error"}


def test_every_single_octet_of_a_protected_trap_is_protected():
    """All but the lengths' spelling: whatever octet changes, it is not accepted."""
    datagram = trap(engine_time=1001)
    ours = receiver()
    for at in range(len(datagram)):
        for flip in (0x01, 0x80):
            forged = datagram[:at] + bytes((datagram[at] ^ flip,)) + datagram[at + 1 :]
            assert not isinstance(ours.receive(forged, SOURCE, 0.0), Accepted), at
    assert isinstance(ours.receive(datagram, SOURCE, 0.0), Accepted)


def test_a_truncated_message_is_undecodable_at_any_length():
    for size in range(len(WHOLE)):
        assert reason(receiver(OPEN).receive(WHOLE[:size], SOURCE, 0.0)) == "undecodable"


def test_v3_is_told_from_the_others():
    assert is_v3(WHOLE)
    assert not is_v3(WHOLE.replace(bytes.fromhex("020103"), bytes.fromhex("020101"), 1))
    assert not is_v3(b"")
    with pytest.raises(ber.DecodeError, match="SNMPv3"):
        decode(WHOLE)
