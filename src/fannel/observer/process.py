"""The observer, put together from the settings: its parts, its threads, its end.

It lives as long as the event source on the other side of the pipe does, and no configuration it can start with makes
it end before.
"""

from __future__ import annotations

import fcntl
import math
import os
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Self

from fannel import config, logs
from fannel.checks.find import Checks
from fannel.directory.open import open_directory, open_webhook
from fannel.incidents.policy import flap_policy, recheck_policy, retention_policy
from fannel.incidents.store import Store
from fannel.incidents.store.beats import BEAT_EVERY_S
from fannel.intake.counters import Counters
from fannel.intake.noise import Noise
from fannel.intake.policy import quiet_policy, storm_policy
from fannel.intake.quiet import Quiet
from fannel.intake.refusals import Refusals
from fannel.intake.spool import SpoolError, open_reader
from fannel.intake.storm import Storm
from fannel.intake.v3 import V3Intake
from fannel.kinds.document import KindsError
from fannel.kinds.site import Catalogues, catalogues
from fannel.naming.module import CatalogueError
from fannel.observer.chores import (
    ASK_AGAIN_EVERY_S,
    CLOSE_EVERY_S,
    DELIVER_EVERY_S,
    KEEP_ENGINES_EVERY_S,
    PRUNE_EVERY_S,
    REPORT_EVERY_S,
    RETELL_EVERY_S,
    AskingAgain,
    Beating,
    Chores,
    Closing,
    Delivery,
    Pruning,
    Report,
)
from fannel.observer.custody import Custody
from fannel.observer.feeder import Feeder
from fannel.observer.lapsing import LAPSE_EVERY_S, Lapsing
from fannel.observer.planning import TICK_S, Planning
from fannel.observer.rechecks import RECHECK_EVERY_S, REMIND_EVERY_S, WANTED_EVERY_S, Rechecks, Reminding
from fannel.observer.recorder import Recorder
from fannel.observer.retelling import Retelling
from fannel.observer.silencing import LOOK_EVERY_S, Silencing
from fannel.observer.telling import Telling
from fannel.observer.vitals import Vitals
from fannel.pipeline import Pipeline
from fannel.posting import open_outbox
from fannel.respond import Responder
from fannel.windows.gather import sources_of
from fannel.wire.usm import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fannel.config import Settings
    from fannel.intake.spool.protocol import Gauges as SpoolGauges
    from fannel.intake.vital import Vital

log = logs.Logger("fannel.observer")

LOCK = "observer.lock"
# The one before us ends when its pipe does; it may be in the middle of a batch.
LOCK_TIMEOUT_S = 20.0
JOIN_TIMEOUT_S = 5.0


class Observer:
    """`open()`, then `run()` until the source is gone, then `close()`."""

    def __init__(self, settings: Settings, rules: BinaryIO, answers: BinaryIO, stack: ExitStack) -> None:
        """Everything that was opened is closed by `stack`, the last first."""
        self._settings = settings
        self._stack = stack
        self._counters = Counters()
        stack.callback(os.close, _only_one(settings.spool.directory))
        # What comes is spooled while the database is away, and the health page says so.
        store = self._store = Store.open(
            settings.database.url, settings.incidents.reopen, flap_policy(settings.flap), may_be_away=True
        )
        stack.callback(store.close)
        spool = self._spool = open_reader(settings.spool.directory)
        stack.callback(spool.close)
        self._v3 = _open_v3(settings.trap, self._counters)
        if self._v3 is not None:
            stack.callback(lambda v3: v3.close(self._oldest_s()), self._v3)
        self._directory = open_directory(settings.pagoda)
        webhook = open_webhook(settings.pagoda, self._directory)
        if webhook is not None:
            stack.callback(webhook.stop)
        outbox = open_outbox(settings, store)
        self._responder = Responder(settings, store, outbox)
        self.delivery = Delivery(outbox, self._counters, _now) if outbox is not None else None
        self.custody = Custody(Storm(storm_policy(settings.storm)))
        names, kinds = _catalogues(settings)
        pipeline = Pipeline(
            trap=settings.trap,
            catalogue=names,
            kinds=kinds,
            directory=self._directory,
            store=store,
            refusals=Refusals(),
            v3=self._v3,
            syslog=settings.syslog,
            zone=settings.site.zone,
        )
        tell = Telling(settings) if outbox is not None else None
        self._silencing = Silencing(store, self.custody.ask_again, self._counters, _now, tell)
        self._planning = Planning(
            sources_of(settings),
            store,
            lambda: self._directory.directory,
            self._counters,
            _now,
            fetch_every_s=settings.silences.fetch_every_s,
        )
        quiet = Quiet(quiet_policy(settings.quiet))
        noise = Noise(settings.syslog.unknown_to_rules, settings.syslog.unknown_a_minute)
        silencing = self._silencing
        self._recorder = Recorder(
            spool,
            pipeline,
            quiet,
            self.custody,
            self._counters,
            now=_now,
            noise=noise,
            silenced=silencing.marked,
            prepare=silencing.look,
        )
        self._feeder = Feeder(self.custody, spool, rules, answers, self._counters, now=_now, silenced=silencing.asked)
        self.vitals = Vitals(
            self.custody,
            self._directory,
            self._recorder.trouble,
            canary_every_s=settings.health.canary_every_s,
            slack=self.delivery.vital if self.delivery is not None else None,
            windows=self._planning.vital,
        )

    @classmethod
    def open(cls, settings: Settings, rules: BinaryIO, answers: BinaryIO) -> Self:
        """An observer that writes events to `rules` and reads confirmations from `answers`.

        Raises:
            ConfigError, StoreError, EngineFileError: something is configured wrongly.
        """
        with ExitStack() as stack:
            observer = cls(settings, rules, answers, stack)
            observer._stack = stack.pop_all()
        return observer

    def run(self) -> None:
        """Observe until the pipe ends or `stop()` is called."""
        feeding = threading.Thread(target=self._feeder.run, name="fannel-feeder")
        listening = threading.Thread(target=self._feeder.listen, name="fannel-answers", daemon=True)
        self._directory.start()
        log.info("observing", spool=str(self._settings.spool.directory))
        with self._chores():
            feeding.start()
            listening.start()
            try:
                self._recorder.run()
            finally:
                self.custody.close()
                feeding.join(JOIN_TIMEOUT_S)
        self._directory.stop()
        log.info("stopped observing", **self.counts())

    def stop(self) -> None:
        """End `run()`, from a signal handler or another thread."""
        # Not from here: a signal handler may have interrupted who holds the lock.
        threading.Thread(target=self.custody.close, daemon=True).start()

    def close(self) -> None:
        """Let go of everything."""
        self._stack.close()

    def counts(self) -> Mapping[str, int]:
        """All counts, `name` or `name.reason` each, for a log line."""
        return {
            (f"{name}.{reason}" if reason else name): n for (name, reason), n in sorted(self.snapshot().items()) if n
        }

    # --- how it is; from any thread ------------------------------------------------------------------------------

    def snapshot(self) -> Mapping[tuple[str, str], int]:
        """All counts by (name, reason); those of `custody`, which add up, as they were at one moment."""
        return {**self._counters.snapshot(), **self.custody.counts()}

    def alive(self) -> list[Vital]:
        """Whether its threads come round. When not, only a restart helps."""
        return [self._recorder.heartbeat.vital(), self._feeder.heartbeat.vital()]

    @property
    def waiting(self) -> SpoolGauges:
        """What waits in the spool; its methods raise SpoolError."""
        return self._spool

    def _save(self, v3: V3Intake) -> None:
        v3.save(self._oldest_s())

    def _oldest_s(self) -> float:
        """Seconds that the oldest unacknowledged datagram has waited; all of time while nobody can tell."""
        try:
            return self._spool.oldest_s()
        except SpoolError:
            return math.inf

    def _chores(self) -> Chores:
        chores = Chores(self._counters)
        if self.delivery is not None:
            chores.add("outbox", DELIVER_EVERY_S, self.delivery)
        chores.add(
            "retelling",
            RETELL_EVERY_S,
            Retelling(self._store, self._responder, self._counters, _now, self._silencing.covers),
        )
        chores.add("closing", CLOSE_EVERY_S, Closing(self._store, self._counters, _now))
        if self._settings.slack.clickable:
            beating = Beating(self._store, self._counters, _now)
            beating()
            chores.add("beat", BEAT_EVERY_S, beating)
        self._add_rechecks(chores)
        again = AskingAgain(
            self._store,
            self._settings.incidents.ask_again,
            self.custody.ask_again,
            self._counters,
            _now,
            self._silencing.covers,
        )
        chores.add("asking", ASK_AGAIN_EVERY_S, again)
        chores.add("silences", LOOK_EVERY_S, self._silencing)
        chores.add("windows", TICK_S, self._planning)
        chores.add("confirmations", LAPSE_EVERY_S, Lapsing(self._settings, self._store, self._counters, _now))
        kept = retention_policy(self._settings.log)
        chores.add("pruning", PRUNE_EVERY_S, Pruning(self._store, kept, self._counters, _now))
        chores.add("report", REPORT_EVERY_S, Report(self.counts))
        if self._v3 is not None:
            chores.add("engines", KEEP_ENGINES_EVERY_S, partial(self._save, self._v3))
        return chores

    def _add_rechecks(self, chores: Chores) -> None:
        incidents = self._settings.incidents
        policy, checks = recheck_policy(incidents), Checks.beside(self._settings.checks.path)
        rechecks = Rechecks(self._store, policy, checks, self.custody, self._counters, _now)
        chores.add("wanted", WANTED_EVERY_S, rechecks.wanted)
        if policy.after is not None:
            chores.add("rechecks", min(RECHECK_EVERY_S, incidents.recheck_after_s), rechecks)
        if self.delivery is not None and incidents.remind_after_s:
            after = timedelta(seconds=incidents.remind_after_s)
            quiet = self._silencing.covers
            reminding = Reminding(self._store, self._responder, after, self._counters, _now, quiet)
            chores.add("reminding", min(REMIND_EVERY_S, incidents.remind_after_s), reminding)


def _open_v3(trap: config.Trap, counters: Counters) -> V3Intake | None:
    """The SNMPv3 engine, or None where no user is configured."""
    if not trap.users:
        return None
    try:
        return V3Intake.open(trap.users, trap.engine_file, counters)
    except UserError as error:
        raise config.ConfigError(f"trap.users: {error}") from None


def _catalogues(settings: Settings) -> Catalogues:
    """The catalogues of this site. With a mistake in one it does not start: it would miss an alert by its name."""
    try:
        return catalogues(settings.kinds.path, settings.mibs.path)
    except (CatalogueError, KindsError) as error:
        raise config.ConfigError(str(error)) from None


def _only_one(directory: Path) -> int:
    """Wait for the observer before us to end; two would put every event to the rules twice.

    Raises:
        ConfigError: it does not end, or the folder cannot be used.
    """
    until = time.monotonic() + LOCK_TIMEOUT_S
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        msg = f"{directory}: {error.strerror}: make it writable, or set spool.directory (FANNEL_SPOOL__DIRECTORY)"
        raise config.ConfigError(msg) from None
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() < until:
                time.sleep(0.05)
                continue
            os.close(lock)
            msg = f"{directory}: another event source reads this spool: give each one its own spool.directory"
            raise config.ConfigError(msg) from None
        return lock


def _now() -> datetime:
    return datetime.now(UTC)
