"""Questions that change nothing: how a host is; and in which language to answer what is not understood."""

from __future__ import annotations

import glob
import re
from typing import TYPE_CHECKING, Final

from fannel.incidents.silence import OF_THE_DEVICE, folded
from fannel.incidents.store.reading import Span
from fannel.slack.grammar.plain import plain_lines
from fannel.slack.grammar.vocabulary import JAPANESE
from fannel.slack.layout import requests as layout
from fannel.slack.layout.status import status
from fannel.slack.words import Reader

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.desk.asking import Asker
    from fannel.desk.hosts import Hosts
    from fannel.desk.people import Who
    from fannel.incidents.silence import Silence
    from fannel.incidents.store import Store
    from fannel.slack.layout.requests import Part

MOST_FAULTS: Final = 10
_STATUS: Final = re.compile(
    r"(?:fannel )?(?:status|状態|状況)(?: of)?[ :]+(?P<name>[\w.:-]{1,255}?)(?:の)?[?.! ]*"
    r"|(?P<name_first>[\w.:-]{1,255}?) ?(?:の)?(?:状態|状況)(?:は|を|確認)*[?.! ]*",
    re.IGNORECASE,
)


class Queries:
    """For any thread."""

    def __init__(self, settings: Settings, store: Store, hosts: Hosts) -> None:
        self._settings = settings
        self._store = store
        self._hosts = hosts

    def reader(self, said: str, who: Who) -> Reader:
        """Who wrote a text that is no request: answered in Japanese if that is what it is in, else in the site's."""
        return Reader.of("ja" if JAPANESE.search(said) else self._settings.slack.language, who.zone)

    def answer(self, said: str, asker: Asker, *, directly: bool = False) -> tuple[Part, ...]:
        """How the host is that a text asks about; nothing where it asks about none.

        Among people `status` is a word: only a name that is known makes it a question, unless it was asked `directly`.
        """
        lines = plain_lines(said)
        if len(lines) != 1 or (found := _STATUS.fullmatch(lines[0])) is None:
            return ()
        name, to = found["name"] or found["name_first"], self.reader(said, asker.who)
        known = self._hosts.known
        names = known.called(name)
        if len(names) > 1:
            which = to.words.silencing.status_which.format(name=name, names=", ".join(names[:5]))
            return (layout.refused(which, to),)
        if names:
            return (self._status(names[0], asker, to),)
        if not directly:
            return ()
        near = known.near(name)
        return (layout.refused(to.words.silencing.no_hosts, to, f"status {near[0]}" if near else ""),)

    def _status(self, name: str, asker: Asker, to: Reader) -> Part:
        device = self._hosts.device(name)
        values = {"host": name, "site": device.site if device else None, "role": device.role if device else None}
        silences = [one for one in self._store.silences.current(asker.now) if _is_about(one, values)]
        cases = self._store.log.incidents(Span(), host=glob.escape(name))
        facts = (device.site, device.role, device.platform) if device else ()
        return status(name, facts, cases, silences, MOST_FAULTS, to)


def _is_about(silence: Silence, values: dict[str, str | None]) -> bool:
    """Whether a silence is about a device, or something of it."""
    return any(
        all(
            (value := values[one.field]) is not None and one.test()(folded(value))
            for one in scope
            if one.field in OF_THE_DEVICE
        )
        for scope in silence.scopes
    )
