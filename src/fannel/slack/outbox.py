"""The outbox: what is wanted in Slack gets there, once and in order, whoever happens to deliver it.

A post is wanted in the database first and sent afterwards, by the playbook that wanted it or by the observer, which
looks every second. One sender a channel at a time (a lease): the others leave their posts to it, since posts are rows.
The sender takes what is most urgent, at Slack's pace, and nothing overtakes within one incident. An outcome in doubt
(time-out, dropped connection, 5xx) is looked up in the channel's history before anything is posted again.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from fannel import logs
from fannel.incidents.lease import channel as lease_name
from fannel.incidents.store.activities import Activity
from fannel.incidents.store.posts import OUTPUT, URGENT, Post
from fannel.slack.errors import (
    BadMessage,
    ChannelProblem,
    FatalAuth,
    NoEmoji,
    RateLimited,
    ShareAwaited,
    ShareMissing,
    SlackError,
    Unreachable,
)
from fannel.slack.layout import file_missing
from fannel.slack.layout import storm as storms
from fannel.slack.layout.late import repeated
from fannel.slack.sender import Sender
from fannel.slack.sending import Sending
from fannel.slack.sharing import LOOK_EVERY
from fannel.slack.words import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fannel.incidents.lease import Lease
    from fannel.incidents.store import Store
    from fannel.incidents.store.channels import Backlog
    from fannel.incidents.store.posts import Kind, PostState
    from fannel.slack.client import SlackClient
    from fannel.slack.layout.message import Message
    from fannel.slack.pace import Lane
    from fannel.slack.storm import Say, Storm

Outcome = Literal["sent", "merged", "unknown", "refused", "waits"]

log = logs.Logger("fannel.slack")

# How long one attempt may take before somebody else may look what became of it.
CLAIM = timedelta(seconds=60)
# The channel is renewed before every post; one call of a slow Slack takes `slack.timeout_s`.
LEASE_S = 30.0
# How long a playbook waits for the channel. Whoever has it then sends its posts, too.
MOMENT_S = 0.5
_MOMENT_STEP_S = 0.05
FIRST_RETRY_S = 5.0
# A pause that Slack asks for without saying how long.
UNSAID_PAUSE_S = 60.0
LAST_RETRY_S = 300.0
# The pace ends a round long before; this ends it should the clock stand still.
MOST_IN_A_ROUND = 50
# What one summary of a storm counts at most; the next one goes on from there.
MOST_IN_A_SUMMARY = 2000

_LANES: Mapping[Kind, Lane] = {
    "parent": "post",
    "reply": "post",
    "note": "post",
    "file": "file",
    "update": "update",
    "edit": "update",
    "reaction": "update",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one round of delivering did; `waiting` is what is left."""

    sent: int = 0
    waiting: int = 0
    refused: int = 0
    unknown: int = 0


class Outbox:
    """Delivers wanted posts. Several processes may deliver from one database at the same time."""

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        *,
        now: Callable[[], datetime],
        reader: Reader | None = None,
        storm_incidents: int = 20,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._reader = reader or Reader()
        self._sender = Sender(store, client, reader=self._reader)
        self._now = now
        self._storm_incidents = storm_incidents
        self._sleep = sleep
        self._owner = f"outbox-{uuid.uuid4().hex[:12]}"

    def deliver(self, lane: str | None = None) -> Delivery:
        """Send what is due and what the pace allows. Slack's troubles end in the table, not here.

        With `lane` (an incident's id, or the key of a post of no incident) just until that is there: what is more
        urgent goes before it, and when somebody else has the channel, they send it.

        Raises:
            StoreError: the database cannot be used.
        """
        outcomes: list[Outcome] = []
        states = {channel: Sending.from_json(kept) for channel, kept in self._store.channels.states().items()}
        channels = set(self._store.posts.channels(lane))
        if lane is None:
            channels |= {channel for channel, sending in states.items() if sending.storm.on}
        for channel in sorted(channels):
            if not self._has_work(channel, states.get(channel, Sending())):
                continue
            lease = self._take(channel, MOMENT_S if lane is not None else 0.0)
            if lease is None:
                continue
            try:
                outcomes += self._deliver(channel, lease, lane)
            finally:
                self._store.leases.release(lease)
        return Delivery(
            sent=outcomes.count("sent"),
            waiting=self._store.posts.waiting(lane),
            refused=outcomes.count("refused"),
            unknown=outcomes.count("unknown"),
        )

    def backlog(self) -> tuple[Backlog, dict[str, Sending]]:
        """What waits, and how sending to each channel stands."""
        states = {channel: Sending.from_json(kept) for channel, kept in self._store.channels.states().items()}
        return self._store.channels.backlog(), states

    # --- one channel ----------------------------------------------------------------------------------------------

    def _has_work(self, channel: str, sending: Sending) -> bool:
        """Whether it is worth to take the channel: reading costs less than a lease a second."""
        now = self._now()
        doubtful = sending.pace.ready("look_up", now.timestamp())
        if self._store.posts.next(channel, now, _kinds(sending, now), doubtful=doubtful) is not None:
            return True
        return sending.storm.on and self._step(channel, sending, now)[1] != "nothing"

    def _take(self, channel: str, patience_s: float) -> Lease | None:
        while True:
            lease = self._store.leases.acquire(lease_name(channel), self._owner, LEASE_S, self._now())
            if lease is not None or patience_s <= 0:
                return lease
            self._sleep(_MOMENT_STEP_S)
            patience_s -= _MOMENT_STEP_S

    def _deliver(self, channel: str, lease: Lease, lane: str | None) -> list[Outcome]:
        # Read again: whoever had the channel until now left it in another state.
        sending = before = Sending.from_json(self._store.channels.state(channel))
        outcomes: list[Outcome] = []
        try:
            sending = self._watch(channel, sending)
            for _ in range(MOST_IN_A_ROUND):
                now = self._now()
                if lane is not None and not self._store.posts.waiting(lane):
                    break
                doubtful = sending.pace.ready("look_up", now.timestamp())
                post = self._store.posts.next(channel, now, _kinds(sending, now), doubtful=doubtful)
                if post is None:
                    break
                held = self._store.leases.renew(lease, LEASE_S, now)
                if held is None or not self._store.posts.claim(post, now, now + CLAIM):
                    break
                sending, outcome = self._send(post, sending)
                outcomes.append(outcome)
        finally:
            if sending != before:
                self._store.channels.keep(channel, sending.to_json(), self._now())
        return outcomes

    def _send(self, post: Post, sending: Sending) -> tuple[Sending, Outcome]:
        now = self._now()
        if post.state == "wanted" and post.kind == "reply" and self._merged(post):
            return sending, "merged"
        # A parent that is not there yet is posted as it looks by now.
        newest = self._newest_update(post)
        wanted = replace(post, payload=newest.payload) if newest else post
        try:
            ts = self._sender.send(wanted, now)
        except ShareAwaited as error:
            self._store.posts.failed(post, "unknown", str(error), now + LOOK_EVERY, now)
            return sending.sent(_LANES[post.kind], now.timestamp()), "unknown"
        except (BadMessage, NoEmoji, ShareMissing) as error:
            log.error("slack refuses a post for good", key=post.key, reason=str(error))
            self._store.posts.failed(post, "refused", str(error), now, now)
            if post.kind == "file":
                self._say_missing(post)
            return sending.sent(_LANES[post.kind], now.timestamp()), "refused"
        except SlackError as error:
            return self._failed(post, sending, error)
        self._store.posts.sent(post, ts, now)
        if newest is not None:
            self._store.posts.superseded(newest)
        elif post.kind == "update":
            self._store.posts.superseded(post)
        if sending.trouble is not None:
            log.info("slack takes messages again", channel=post.channel, was=sending.trouble.code)
        return sending.sent(_LANES[post.kind], now.timestamp()), "sent"

    def _failed(self, post: Post, sending: Sending, error: SlackError) -> tuple[Sending, Outcome]:
        """Put a post back, and let the channel rest where the reason is not the post's own."""
        now = self._now()
        state: PostState = "unknown" if error.processed is None else "wanted"
        not_before = now
        if isinstance(error, RateLimited):
            looked_up = error.method.startswith("conversations.")
            state = post.state if looked_up else state
            until = now.timestamp() + (UNSAID_PAUSE_S if error.retry_after_s is None else error.retry_after_s)
            after = sending.limited("look_up" if looked_up else _LANES[post.kind], until)
            log.warning("slack asks for a pause", channel=post.channel, method=error.method, s=error.retry_after_s)
        else:
            general = isinstance(error, FatalAuth | ChannelProblem | Unreachable)
            if not general:
                not_before = now + timedelta(seconds=_back_off_s(post.attempts))
            after = sending.failed(error, now.timestamp()) if general or error.processed is None else sending
            if not general or sending.trouble is None or sending.trouble.code != error.code:
                # What holds for every post is said once, until it changes.
                log.warning("slack posts wait", channel=post.channel, key=post.key, reason=str(error))
        self._store.posts.failed(post, state, str(error), not_before, now)
        return after, "unknown" if state == "unknown" else "waits"

    def _say_missing(self, post: Post) -> None:
        """The thread promised a file that is not there: say so, and where its text is."""
        watch = post.payload.get("watch") or {"incident": post.incident_id, "filename": post.payload.get("filename")}
        incident = self._store.incident(str(watch["incident"]))
        if incident is not None:
            key = f"{post.key}/missing"
            said = file_missing(incident, str(watch["filename"]), key, self._reader).payload
            self._store.posts.want(Post(key, incident.id, "reply", post.channel, said, self._now(), priority=OUTPUT))

    # --- merging --------------------------------------------------------------------------------------------------

    def _newest_update(self, post: Post) -> Post | None:
        """The newest look of a parent that certainly is not there yet."""
        if post.kind != "parent" or post.state != "wanted":
            return None
        updates = self._store.posts.beside(post, "update")
        return updates[-1] if updates else None

    def _merged(self, post: Post) -> bool:
        """Whether this reply says what the ones right behind it say again: then the last of them stands for all."""
        same = [post]
        for later in self._store.posts.beside(post, "reply"):
            if later.state != "wanted" or later.payload.get("text") != post.payload.get("text"):
                break
            same.append(later)
        *earlier, last = same
        if not earlier:
            return False
        times = sum(_times(one) for one in same)
        payload = repeated(last.payload, times, post.wanted_at, self._reader)
        self._store.posts.merge(earlier, last, payload, self._now())
        return True

    # --- storms ---------------------------------------------------------------------------------------------------

    def _watch(self, channel: str, sending: Sending) -> Sending:
        """Look whether a storm begins, goes on or is over, and want its summary."""
        now, channels = self._now(), self._store.channels
        storm, say = self._step(channel, sending, now)
        if say == "nothing" or storm.since is None:
            return sending
        fresh = channels.first_posts_waiting(channel, storm.listed, MOST_IN_A_SUMMARY)
        since, waiting = datetime.fromtimestamp(storm.since, UTC), channels.first_posts_unsent(channel)
        listed = fresh[-1].seq if fresh else storm.listed
        if fresh:
            # Keyed by what it lists: were this process to die before it kept the state, it is not wanted twice.
            key = f"storm/{channel}/{listed}"
            opened = storm.opened + len(fresh)
            lines = [storms.Line(one.severity, one.problem, one.host, one.subject) for one in fresh]
            message = storms.summary(lines, opened=opened, since=since, waiting=waiting, key=key, to=self._reader)
            self._want(channel, key, message)
            summed_up = "storm: told in a summary, its thread follows"
            self._store.activities.note(
                [Activity(now, "decision", summed_up, one.incident_id, detail={"key": key}) for one in fresh]
            )
            storm = storm.said(now.timestamp(), listed, len(fresh))
        if say == "over":
            key = f"storm/{channel}/over/{storm.since:.0f}"
            message = storms.over(
                opened=storm.opened, since=since, until=now, waiting=waiting, key=key, to=self._reader
            )
            self._want(channel, key, message)
            storm = storm.ended()
        return replace(sending, storm=storm)

    def _step(self, channel: str, sending: Sending, now: datetime) -> tuple[Storm, Say]:
        if sending.trouble is not None or not sending.pace.ready("post", now.timestamp()):
            # Nothing gets through now: one summary when it does, and not one for each half minute until then.
            return sending.storm, "nothing"
        newest = self._store.channels.newest_first_posts(channel, self._storm_incidents + 1)
        return sending.storm.step(now.timestamp(), [at.timestamp() for at in newest], self._storm_incidents)

    def _want(self, channel: str, key: str, message: Message) -> None:
        self._store.posts.want(
            Post(
                key=key,
                incident_id=None,
                kind="note",
                channel=channel,
                payload=message.payload,
                wanted_at=self._now(),
                priority=URGENT,
            )
        )


def _kinds(sending: Sending, now: datetime) -> list[Kind]:
    """What may be sent now."""
    return [kind for kind, lane in _LANES.items() if sending.pace.ready(lane, now.timestamp())]


def _times(post: Post) -> int:
    """For how many equal ones a post stands already."""
    payload = (post.payload.get("metadata") or {}).get("event_payload") or {}
    times = payload.get("repeats", 1)
    return times if isinstance(times, int) else 1


def _back_off_s(attempts: int) -> float:
    return min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempts, 10))
