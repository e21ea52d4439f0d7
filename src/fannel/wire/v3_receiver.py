"""Receives SNMPv3 notifications: who sent it, is it genuine, is it of now, what does it say (RFC 3412, RFC 3414).

    datagram, source, now ──▶ Accepted: a Message, and for an inform the way to acknowledge it
                              Report:   not accepted, and an answer by which an inform's sender can do better
                              Refused:  not accepted, nothing to answer

Traps name their sender's engine as the authority; informs name ours, which their senders first have to discover.
Nothing is dropped silently, nothing is remembered of a message before it is authenticated, and what is remembered is
bounded. Pure but for that memory: no sockets, time is passed in. One receiver belongs to one thread.

Two processes may share the work: one runs the engine (`LocalEngine`), judges what names it when it comes and answers;
the other (`DistantEngine`) judges the rest, reads again (`reread`) what the first accepted, and answers nobody.

A repeated trap is refused as `replayed`. A repeated inform is accepted again: its sender may have missed the
Response, and whether the first copy was kept only the caller knows.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

from fannel.wire.ber import DecodeError
from fannel.wire.engine import (
    MAX_LEARNED_ENGINES,
    MAX_SEEN,
    DistantEngine,
    EngineClock,
    LocalEngine,
    Seen,
    SenderClocks,
)
from fannel.wire.message import INFORM, Message
from fannel.wire.pdu import NotANotification, UnsupportedVersion, read_notification
from fannel.wire.snmpv3 import (
    Envelope,
    ScopedPdu,
    UnsupportedSecurityModel,
    check_notification,
    read_envelope,
    read_scoped_pdu,
)
from fannel.wire.usm import AUTH_PRIV, ENGINE_ID_OCTETS, NO_AUTH_NO_PRIV, SecurityLevel, UserBook, UsmUser
from fannel.wire.usm_crypto import SALT_OCTETS, Authenticator, DecryptionError, MessageCipher
from fannel.wire.v3_answers import COUNTERS, Answers, Keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Reason = Literal[
    "undecodable",
    "unsupported_version",
    "unsupported_security_model",
    "not_a_notification",
    "unknown_engine",
    "unknown_user",
    "unsupported_level",
    "wrong_digest",
    "not_in_time_window",
    "too_many_engines",
    "decryption_error",
    "replayed",
]

# A user at an engine with keyed HMAC and cipher takes about 2.5 kB.
MAX_SESSIONS = 10_000


@dataclass(frozen=True, slots=True)
class Accepted:
    """A notification that is genuine. `respond(now)` makes the Response to an inform that is for us to answer."""

    message: Message
    respond: Callable[[float], bytes] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """Not accepted; `reply` is to be sent to the sender, which can then discover us, or learn what it did wrong."""

    reply: bytes = field(repr=False)
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not accepted, and no answer. `detail` holds no secret."""

    reason: Reason
    detail: str


Outcome = Accepted | Report | Refused


class _TurnedAway(Exception):  # noqa: N818  (says what it is)
    """Why a message is not accepted, on its way from the check that found it to the answer."""

    def __init__(self, reason: Reason, detail: str, authenticator: Authenticator | None = None) -> None:
        super().__init__(reason, detail)
        self.reason: Reason = reason
        self.detail = detail
        self.authenticator = authenticator


class _Session:
    """A user at an engine with the keys it has there; the cipher is made when it is first needed."""

    __slots__ = ("authenticator", "cipher", "least_level", "level", "user")

    def __init__(self, user: UsmUser, authenticator: Authenticator | None) -> None:
        self.user = user
        self.level = user.level
        self.least_level = user.least_level
        self.authenticator = authenticator
        self.cipher: MessageCipher | None = None

    def keys(self) -> Keys:
        """What an answer to this user needs."""
        return Keys(self.authenticator, self.user.priv_protocol, self.cipher)


class V3Receiver:
    """Judges the SNMPv3 messages that come to one local engine."""

    def __init__(
        self,
        users: Iterable[UsmUser],
        local_engine: LocalEngine | DistantEngine,
        *,
        known_engines: Iterable[EngineClock] = (),
        max_engines: int = MAX_LEARNED_ENGINES,
        max_sessions: int = MAX_SESSIONS,
        max_seen: int = MAX_SEEN,
        first_salt: int | None = None,
    ) -> None:
        """A receiver for `users`.

        Args:
            users: Who may send.
            local_engine: What we are to the senders of informs; distant if another process answers them.
            known_engines: What `engines()` said before a restart: keeps recorded traps from being accepted after it.
            max_engines: How many engines are learned beside those users are bound to.
            max_sessions: How many users at engines keep their keys ready.
            max_seen: How many traps are remembered against repetition.
            first_salt: Where to begin counting salts; random if None (RFC 3826 §3.1.2.1).

        Raises:
            UserError: Two users cannot be told apart, or a user wants what this machine does not allow.
        """
        self._users = UserBook(users)
        self._engine_id = local_engine.engine_id
        self._answers: Answers | None = None
        if isinstance(local_engine, LocalEngine):
            salt = secrets.randbits(8 * SALT_OCTETS) if first_salt is None else first_salt
            self._answers = Answers(local_engine, salt)
        self._bound = self._users.bound_engine_ids
        self._clocks = SenderClocks(self._bound, known_engines, max_engines)
        self._seen = Seen(max_seen)
        self._sessions: OrderedDict[tuple[bytes, bytes, str], _Session] = OrderedDict()
        self._max_sessions = max_sessions

    def receive(self, datagram: bytes | memoryview, source: str, now: float) -> Outcome:
        """Judge one datagram.

        Args:
            datagram: As it came. No octets make this raise.
            source: The sender's IP address.
            now: When it came, in seconds on the clock of `LocalEngine.started`.

        Raises:
            ValueError: `source` is no IP address.
        """
        return self._judge(bytes(datagram), source, now)

    def reread(self, datagram: bytes | memoryview, source: str) -> Accepted | Refused:
        """Read again what a `receive` accepted before and a spool kept: verified and decrypted, but of any age.

        Whose time it was of was judged then, and so was which engine an inform is for: ours may be another since.
        """
        outcome = self._judge(bytes(datagram), source, None)
        return Refused(outcome.reason, outcome.detail) if isinstance(outcome, Report) else outcome

    def engines(self) -> tuple[EngineClock, ...]:
        """What is known of the senders' clocks, to be given to the next receiver as `known_engines`."""
        return self._clocks.snapshot()

    def follow(self, engine: DistantEngine) -> None:
        """Our engine is another since: the process that runs it began a new one."""
        self._engine_id = engine.engine_id

    def forget_engine(self, engine_id: bytes) -> None:
        """Accept an engine's next message whatever its clock: for a device that lost count of its boots."""
        self._clocks.forget(engine_id)

    # --- judging ------------------------------------------------------------------------------------------------

    def _judge(self, data: bytes, source: str, now: float | None) -> Outcome:
        try:
            envelope = read_envelope(data)
        except DecodeError as error:
            return Refused(_reason_of(error), str(error))
        try:
            return self._accept(envelope, source, now)
        except _TurnedAway as turned_away:
            return self._turn_away(envelope, turned_away, now)

    def _accept(self, envelope: Envelope, source: str, now: float | None) -> Accepted:
        """Check in the order of RFC 3414 §3.2, which keeps a Report from telling what a stranger must not know."""
        key = (envelope.engine_id, envelope.user, source)
        known = self._sessions.get(key)
        if known is None:
            session = self._new_session(envelope, source, now)
        else:
            session = known
            self._sessions.move_to_end(key)
        self._check_level(envelope.level, session)
        if envelope.level is not NO_AUTH_NO_PRIV:
            self._check_genuine(envelope, session)
            if now is not None:
                self._check_time(envelope, session, now)
        scoped = self._open(envelope, session)
        if self._answers is None and now is not None:
            self._check_vouched(envelope)
        if scoped.pdu == INFORM:
            accepted = self._accept_inform(envelope, scoped, session, now)
        else:
            accepted = self._accept_trap(envelope, scoped, now)
        # Only now: a recorded message, though genuine, must not push the keys of others out.
        if known is None and envelope.level is not NO_AUTH_NO_PRIV:
            self._keep(key, session)
        return accepted

    def _new_session(self, envelope: Envelope, source: str, now: float | None) -> _Session:
        engine_id = envelope.engine_id
        if engine_id != self._engine_id:
            if len(engine_id) not in ENGINE_ID_OCTETS:
                raise _TurnedAway("unknown_engine", f"an engine id of {len(engine_id)} octets: discovery of ours")
            # Only informs want Reports, and for them the authority is us; but a known sender may set the flag wrongly.
            answering = self._answers is not None and now is not None
            if answering and envelope.reportable and engine_id not in self._bound and engine_id not in self._clocks:
                raise _TurnedAway("unknown_engine", f"an inform for engine {engine_id.hex()}, which is not ours")
        user = self._users.find(envelope.user, engine_id, source)
        if user is None:
            name = envelope.user.decode("utf-8", "replace")
            raise _TurnedAway("unknown_user", f"no user {name!r} for engine {engine_id.hex()} and source {source}")
        return _Session(user, self._users.authenticator(user, engine_id))

    @staticmethod
    def _check_level(level: SecurityLevel, session: _Session) -> None:
        if session.least_level <= level <= session.level:
            return
        can = f"has {session.level.name} only" if level > session.level else f"has to use {session.least_level.name}"
        raise _TurnedAway("unsupported_level", f"{level.name}, but user {session.user.name!r} {can}")

    @staticmethod
    def _check_genuine(envelope: Envelope, session: _Session) -> None:
        authenticator = session.authenticator
        if authenticator is None or not authenticator.verifies(envelope.data, envelope.code_start, envelope.code_end):
            raise _TurnedAway("wrong_digest", f"not made with the auth key of user {session.user.name!r}")

    def _check_time(self, envelope: Envelope, session: _Session, now: float) -> None:
        boots, engine_time = envelope.boots, envelope.time
        if envelope.engine_id == self._engine_id:
            if self._answers is None:
                return  # `_check_vouched` follows, when all that can be told from the message itself was told
            clock = self._answers.clock
            if not clock.accepts(boots, engine_time, now):
                detail = f"boots {boots}, time {engine_time}; ours are {clock.boots}, {clock.time(now)}"
                raise _TurnedAway("not_in_time_window", detail, session.authenticator)
            return
        reason = self._clocks.judge(envelope.engine_id, boots, engine_time, now)
        if reason == "not_in_time_window":
            detail = f"boots {boots}, time {engine_time} of engine {envelope.engine_id.hex()} are old"
            raise _TurnedAway(reason, detail)
        if reason is not None:
            raise _TurnedAway(reason, f"no room for engine {envelope.engine_id.hex()} beside those already learned")

    def _check_vouched(self, envelope: Envelope) -> None:
        """Who runs our engine would have vouched for what names it and is of now: then it would be read again."""
        if envelope.engine_id == self._engine_id and envelope.level is not NO_AUTH_NO_PRIV:
            raise _TurnedAway("not_in_time_window", "it names our engine, and was not of now when it came")

    def _open(self, envelope: Envelope, session: _Session) -> ScopedPdu:
        """The ScopedPDU in clear; a notification's, or it is turned away."""
        try:
            if envelope.level is not AUTH_PRIV:
                scoped = read_scoped_pdu(envelope.data, envelope.payload_start, envelope.payload_end)
            else:
                scoped = self._decrypt(envelope, session)
            check_notification(scoped)
        except DecodeError as error:
            raise _TurnedAway(_reason_of(error), str(error)) from None
        return scoped

    def _decrypt(self, envelope: Envelope, session: _Session) -> ScopedPdu:
        if session.cipher is None:
            session.cipher = self._users.cipher(session.user, envelope.engine_id)
        if session.cipher is None:
            raise _TurnedAway("unsupported_level", f"user {session.user.name!r} has no privacy")
        secret = envelope.data[envelope.payload_start : envelope.payload_end]
        try:
            plain = session.cipher.decrypt(secret, envelope.boots, envelope.time, envelope.salt)
            return read_scoped_pdu(plain, 0, len(plain))
        except DecryptionError as error:
            raise _TurnedAway("decryption_error", str(error)) from None
        except DecodeError:
            name = session.user.name
            raise _TurnedAway("decryption_error", f"not encrypted with the priv key of user {name!r}") from None

    # --- accepting ----------------------------------------------------------------------------------------------

    def _accept_trap(self, envelope: Envelope, scoped: ScopedPdu, now: float | None) -> Accepted:
        message = _message(envelope, scoped, "trap", envelope.engine_id)
        if now is not None and envelope.level is not NO_AUTH_NO_PRIV:
            code = envelope.data[envelope.code_start : envelope.code_end]
            if self._seen.before(code, now):
                raise _TurnedAway("replayed", f"the same trap of engine {envelope.engine_id.hex()} again")
        return Accepted(message)

    def _accept_inform(self, envelope: Envelope, scoped: ScopedPdu, session: _Session, now: float | None) -> Accepted:
        if now is not None and envelope.engine_id != self._engine_id:
            raise _TurnedAway("unknown_engine", f"an inform for engine {envelope.engine_id.hex()}, which is not ours")
        sender = b"" if scoped.engine_id == envelope.engine_id else scoped.engine_id
        message = _message(envelope, scoped, "inform", sender)
        if self._answers is None:
            return Accepted(message)
        return Accepted(message, partial(self._answers.response, envelope, scoped, session.keys()))

    def _keep(self, key: tuple[bytes, bytes, str], session: _Session) -> None:
        self._sessions[key] = session
        if len(self._sessions) > self._max_sessions:
            self._sessions.popitem(last=False)

    def _turn_away(self, envelope: Envelope, turned_away: _TurnedAway, now: float | None) -> Report | Refused:
        reason, detail = turned_away.reason, turned_away.detail
        # Only of our own engine is it for us to tell what is wrong, and only who wants to hear it is told.
        ours = envelope.engine_id == self._engine_id or reason == "unknown_engine"
        if reason in COUNTERS and now is not None and self._answers is not None:
            self._answers.count(reason)
            if envelope.reportable and ours:
                return Report(self._answers.report(envelope, reason, turned_away.authenticator, now), reason, detail)
        return Refused(reason, detail)


def _message(envelope: Envelope, scoped: ScopedPdu, pdu: Literal["trap", "inform"], engine_id: bytes) -> Message:
    try:
        said = read_notification(scoped.data, scoped.start, scoped.end)
    except DecodeError as error:
        raise _TurnedAway("undecodable", str(error)) from None
    return Message(
        "3",
        b"",
        pdu,
        *said,
        envelope.user.decode("utf-8", "replace"),
        engine_id.hex() or None,
        scoped.context.decode("utf-8", "replace"),
        envelope.level is not NO_AUTH_NO_PRIV,
    )


def _reason_of(error: DecodeError) -> Reason:
    if isinstance(error, NotANotification):
        return "not_a_notification"
    if isinstance(error, UnsupportedVersion):
        return "unsupported_version"
    return "unsupported_security_model" if isinstance(error, UnsupportedSecurityModel) else "undecodable"
