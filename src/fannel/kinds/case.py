"""What a case of the corpus expects: what one trap or line means, as `event.json` says it. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fannel.event import Json
    from fannel.kinds.classify import Classification, Kinds
    from fannel.naming.catalogue import Notification
    from fannel.wire.syslog import SyslogMessage


def of_trap(kinds: Kinds, notification: Notification, os: str | None) -> Json:
    """The event.json of a case with this trap."""
    said = _shown(kinds.classify(notification, os))
    return {"notification": notification.name, **said, "varbinds": notification.values()}


def of_line(kinds: Kinds, message: SyslogMessage, os: str | None) -> Json:
    """The event.json of a case with this syslog line."""
    return {"tag": message.tag, **_shown(kinds.classify_syslog(message, os))}


def _shown(classification: Classification) -> Json:
    said = dataclasses.asdict(classification)
    said["subject"] = {fact: value for fact, value in said["subject"].items() if value is not None}
    return said
