"""The listener, put together from the settings: its parts, its threads, its end.

A process of its own, because the rule engine's may be busy for longer than the three seconds Slack waits for an ack.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

from fannel import config, logs
from fannel.desk import Desk
from fannel.desk.people import People
from fannel.incidents.store import Store
from fannel.intake.counters import Counters
from fannel.intake.vital import Vital
from fannel.listener.chat import Named
from fannel.listener.telling import Telling
from fannel.slack.client import SlackClient
from fannel.slack.errors import APP_REMEDY
from fannel.slack.inbound.hand import CLAIM, Hand
from fannel.slack.inbound.heard import Message
from fannel.slack.inbound.history import ChannelHistory
from fannel.slack.inbound.keeping import Keeper
from fannel.slack.inbound.listening import Listening, Patience
from fannel.slack.inbound.looking import EVERY_S, Looking
from fannel.slack.inbound.reading import Ears
from fannel.tried import tried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import ExitStack

    from fannel.config import Settings
    from fannel.slack.inbound.heard import Desk as AnyDesk
    from fannel.slack.inbound.heard import Heard

log = logs.Logger("fannel.listener")

# Much longer than Slack sends anything again, and than any history is read back.
REMEMBERED = timedelta(days=30)
PRUNE_EVERY_S = 600.0
# A desk may be in the middle of a call to Slack.
JOIN_TIMEOUT_S = 15.0


class _Part(Protocol):
    """What runs in a thread of its own until it is told to stop."""

    def run(self) -> None: ...

    def stop(self) -> None: ...


class Listener:
    """`open()`, then `run()` until `stop()`, then `close()`."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        rules: BinaryIO | None,
        *,
        desk: AnyDesk | None = None,
        look_every_s: float = EVERY_S,
        patience: Patience | None = None,
        claim: timedelta = CLAIM,
    ) -> None:
        """Events are written to `rules`, where there are any. Tests bring a desk and other times.

        Raises:
            ConfigError: a token is missing.
        """
        slack = settings.slack
        if slack.app_token is None:
            raise config.ConfigError(f"slack.app_token: missing: {APP_REMEDY}")
        if slack.bot_token is None:
            raise config.ConfigError("slack.bot_token: missing: nothing that is heard could be answered")
        self.counters = Counters()
        self._store = store
        self._settings = settings
        self._client, self._tickets = (
            SlackClient(token.get_secret_value(), api_url=str(slack.api_url), timeout_s=slack.timeout_s)
            for token in (slack.bot_token, slack.app_token)
        )
        self._people = People(self._client, settings.site.zone, _now)
        self._channel_names: dict[str, str] = {}
        self._ears_lock = threading.Lock()
        self._known_ears: Ears | None = None
        self._stopping = threading.Event()
        self._end: Callable[[], None] = self._stopping.set
        self._telling = Telling(rules, self._named, self.counters) if rules is not None else None
        desk = desk or Desk(settings, store, self._client, _now)
        self._hand = Hand(store.inbox, desk, self.counters, self._told, _now, claim=claim)
        self._keeper = Keeper(store.inbox, self.counters, self._hand.wake)
        histories = [
            ChannelHistory(channel, self._client, store.inbox, self._keeper, self._open_threads, _now)
            for channel in channels(settings)
        ]
        self._looking = Looking(histories, self._ears, self.counters, every_s=look_every_s)
        self._listening = Listening(
            self._ticket, self._ears, self._keeper, self.counters, self._hello, patience=patience
        )

    @classmethod
    def open(cls, settings: Settings, rules: BinaryIO | None, stack: ExitStack) -> Self:
        """A listener on the database of the settings, which `stack` closes.

        Raises:
            ConfigError, StoreError: something is configured wrongly.
        """
        # What is heard meanwhile is kept in memory, and said on the health page.
        store = Store.open(settings.database.url, settings.incidents.reopen, may_be_away=True)
        stack.callback(store.close)
        return cls(settings, store, rules)

    def run(self) -> None:
        """Listen until `stop()` is called."""
        # In this order they are ended, each when nothing comes from those before it any more.
        parts: dict[str, _Part] = {"history": self._looking, "inbox": self._keeper, "desk": self._hand}
        if self._telling is not None:
            parts["telling"] = self._telling
        threads = {
            name: threading.Thread(target=part.run, name=f"fannel-{name}", daemon=True) for name, part in parts.items()
        }
        pruning = threading.Thread(target=self._prune, name="fannel-pruning", daemon=True)
        for thread in (*threads.values(), pruning):
            thread.start()
        try:
            asyncio.run(self._listen())
        finally:
            self._stopping.set()
            for name, part in parts.items():
                part.stop()
                threads[name].join(JOIN_TIMEOUT_S)
        log.info("stopped listening to slack", **self.counters.as_dict())

    def stop(self) -> None:
        """End `run()`; from a signal handler or another thread."""
        self._end()

    # --- how it is; from any thread ------------------------------------------------------------------------------

    def snapshot(self) -> Mapping[tuple[str, str], int]:
        """All counts by (name, reason)."""
        return self.counters.snapshot()

    def alive(self) -> list[Vital]:
        """Whether its threads come round. When not, only a restart helps."""
        parts = (self._listening, self._looking, self._keeper, self._hand)
        return [part.heartbeat.vital() for part in parts]

    def ready(self) -> Sequence[Vital]:
        """Whether what is said in Slack comes through to the desk."""
        trouble = self._keeper.trouble
        store = Vital("store", ok=trouble is None, detail=trouble or "can be used")
        return [self._listening.vital(), self._looking.vital(), store]

    def waiting_s(self) -> float:
        """Seconds that the oldest of what was heard has waited for the desk."""
        _, oldest = self._store.inbox.waiting()
        return 0.0 if oldest is None else max(0.0, (_now() - oldest).total_seconds())

    # --- parts ----------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def end() -> None:
            loop.call_soon_threadsafe(over.set)

        self._end = end
        if self._stopping.is_set():
            return
        listening = asyncio.create_task(self._listening.run())
        ending = asyncio.create_task(over.wait())
        try:
            await asyncio.wait({listening, ending}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                # It never ends by itself: with a defect like that only a new process helps.
                listening.result()
        finally:
            self._end = self._stopping.set
            for task in (listening, ending):
                task.cancel()
            await asyncio.gather(listening, ending, return_exceptions=True)

    def _hello(self, gap: bool) -> None:  # noqa: FBT001  (a callback)
        self._looking.now(gap=gap)

    def _ticket(self) -> str:
        said = self._tickets.call("apps.connections.open")
        return str(said.get("url") or "")

    def _ears(self) -> Ears:
        with self._ears_lock:
            if self._known_ears is None:
                bots = frozenset(self._settings.permissions.bots)
                self._known_ears = Ears(self._client.auth_test(), frozenset(channels(self._settings)), bots)
            return self._known_ears

    def _told(self, heard: Heard, heard_at: datetime) -> None:
        if self._telling is not None:
            self._telling.tell(heard, heard_at)

    def _named(self, heard: Heard) -> Named:
        bot_id = heard.bot_id if isinstance(heard, Message) else None
        name = self._channel_names.get(heard.channel)
        if name is None:
            name = self._channel_names[heard.channel] = self._client.channel_info(heard.channel).name
        return Named(self._people.who(heard.user, bot_id).name, name or None)

    def _open_threads(self, channel: str) -> Iterable[str]:
        silences = self._store.requests.open_threads(channel, _now())
        return dict.fromkeys((*silences, *self._store.inbox.open_threads(channel)))

    def _prune(self) -> None:
        while not self._stopping.wait(PRUNE_EVERY_S):
            with tried(self.counters, "pruning what was heard", "pruning"):
                while self._store.inbox.prune(_now() - REMEMBERED):
                    pass


def channels(settings: Settings) -> tuple[str, ...]:
    """Where everything that is said is listened to."""
    named = (settings.slack.channel, settings.slack.escalate_to, *settings.silences.channels)
    return tuple(dict.fromkeys(channel for channel in named if channel))


def _now() -> datetime:
    return datetime.now(UTC)
