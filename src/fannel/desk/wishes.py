"""What a text asks for, and whether who wrote it may: all that has to be known before anything is done.

Slack may be asked for a user group here; later, in a transaction, nobody waits for anything.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fannel.desk.asking import Wish
from fannel.desk.doing import Doing
from fannel.slack.grammar import Limits, parse
from fannel.slack.words import Reader

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.desk.asking import Asker
    from fannel.desk.hosts import Hosts
    from fannel.desk.permission import Permission
    from fannel.incidents.store.requests import Acting
    from fannel.slack.grammar import Target


class Wishes:
    """For any thread."""

    def __init__(self, settings: Settings, permission: Permission, hosts: Hosts) -> None:
        self._settings = settings
        self._permission = permission
        self._hosts = hosts
        self._limits = Limits(longest=timedelta(days=settings.silences.longest_days))

    def of(
        self, text: str, asker: Asker, said_in: str, about: Target | None = None, under: tuple[int, ...] = ()
    ) -> list[Wish]:
        """What a text asks for that was said in that channel; durations begin when it was written.

        A message heard before it was written (clocks differ) was written now.
        """
        written_at = min(asker.written_at, asker.now)
        outcomes = parse(
            text,
            self._hosts.known,
            now=written_at,
            zone=asker.who.zone,
            about=about,
            under=under,
            limits=self._limits,
        )
        wishes = [Wish(outcome, Reader.of(outcome.language, asker.who.zone)) for outcome in outcomes]
        # Asked once for all lines of a message: where Slack is slow to tell, that costs once.
        denied = {
            (wish.action, wish.outcome.language): self._why_not(wish, asker, said_in)
            for wish in {(wish.action, wish.outcome.language): wish for wish in wishes}.values()
        }
        return [replace(wish, denied=denied[wish.action, wish.outcome.language]) for wish in wishes]

    def doing(self, acting: Acting, asker: Asker, *, alone: bool, note: str | None = None) -> Doing:
        """What does them."""
        known = self._hosts.known
        trouble = self._hosts.trouble if len(known) == 0 else None
        return Doing(self._settings.silences, known, acting, asker, alone=alone, note=note, trouble=trouble)

    def _why_not(self, wish: Wish, asker: Asker, said_in: str) -> str | None:
        if wish.action is None:
            return None
        who = asker.who
        return self._permission.why_not(wish.action, who.user, said_in, wish.to.words, bot=who.bot)
