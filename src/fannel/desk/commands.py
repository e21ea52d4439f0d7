"""The slash command: the same requests and rules as in a message.

What it changed is said in the channel, by a message of ours whose thread is the silence's from then on; what it did not
is for whoever typed it alone.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Final

from fannel.desk.answering import Answering, channel_reader, respond
from fannel.desk.asking import Asker
from fannel.incidents.silence import OvertakenError
from fannel.incidents.store.requests import COMMANDED, Place
from fannel.slack.layout import requests as layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.desk.asking import Wish
    from fannel.desk.office import Office
    from fannel.slack.inbound.heard import Command
    from fannel.slack.layout.requests import Part

_TRIES: Final = 3
# What changes nothing is for whoever asked.
_ASIDE: Final = (None, "x")


class Commands:
    """For any thread."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def commanded(self, command: Command) -> None:
        """One command; heard again, it is not done again.

        Raises:
            StoreError, SlackError: the database cannot be used, or Slack does not tell now who typed it: hear it again.
        """
        now, said = self._office.now(), command.text.strip() or "help"
        name = _name(command)
        permission = self._office.permission
        home = command.channel if command.channel in permission.channels else permission.silence_channels[0]
        asker = Asker(
            who=self._office.people.who(command.user),
            channel=home,
            thread=name,
            root=name,
            now=now,
            written_at=datetime.fromisoformat(command.heard_at) if command.heard_at else now,
        )
        wishes = self._office.wishes.of(said, asker, command.channel)
        to = wishes[0].to if wishes else self._office.queries.reader(said, asker.who)
        if wishes:
            aside = self._do(wishes, asker, command.channel)
        else:
            aside = self._office.queries.answer(said, asker, directly=True)
            aside = aside or (layout.refused(to.words.silencing.no_request, to), layout.explained(to))
        if aside:
            respond(self._office.client, command.response_url, aside, to)

    def _do(self, wishes: Sequence[Wish], asker: Asker, said_in: str) -> tuple[Part, ...]:
        """Everything it asks for; returns what is for whoever typed it."""
        for _ in range(_TRIES):
            try:
                return self._done(wishes, asker, said_in)
            except OvertakenError:
                continue
        return self._done(wishes, asker, said_in)

    def _done(self, wishes: Sequence[Wish], asker: Asker, said_in: str) -> tuple[Part, ...]:
        to, place = wishes[0].to, Place(asker.channel, None)
        with self._office.store.requests.asked(asker.channel, asker.thread, asker.now) as asked:
            if asked.heard:
                return ()
            key = f"{COMMANDED}{asker.thread}"
            doing = self._office.wishes.doing(asked, asker, alone=len(wishes) == 1, note=key)
            dones = [doing.do(wish) for wish in wishes]
            answering = Answering(asked, key, asker.now, channel_reader(self._office.settings))
            public = [part for done in dones if done.mark not in _ASIDE for part in done.parts]
            answering.say(place, public, to)
            answering.echo(place, dones)
            asked.keep("0", [number for done in dones for number in done.made], ())
        aside = [part for done in dones if done.mark in _ASIDE for part in done.parts]
        if public and asker.channel != said_in:
            told = to.words.silencing.told_elsewhere.format(channel=f"<#{asker.channel}>")
            aside.append(layout.Part((told,), told))
        return tuple(aside)


def _name(command: Command) -> str:
    """What tells a command from every other: Slack gives each a URL of its own to answer it."""
    told = "\0".join((command.response_url, command.heard_at or "", command.channel, command.user, command.text))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:26]
