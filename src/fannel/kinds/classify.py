"""Classification: a named notification or a syslog message in, kind, problem, phase, severity and subject out.

    kinds = Kinds.load()
    kinds.classify(notification)            # Classification(kind="interface_down", problem="interface_down", …)
    kinds.classify_syslog(message, "ios")   # the same, for the same fault

Pure once loaded. What no entry is for is an `unknown_trap` or `unknown_syslog`: an event like any other, told apart by
its name or tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fannel.event import Phase, Severity, Subject
from fannel.kinds.compile import Compiled, compile_files, files_of, shipped_files
from fannel.naming.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fannel.kinds.kind import Kind
    from fannel.naming.catalogue import Notification
    from fannel.wire.syslog import SyslogMessage

UNKNOWN_TRAP: Final = "unknown_trap"
UNKNOWN_SYSLOG: Final = "unknown_syslog"

# RFC 5674 §2 says which syslog severity an alarm's perceived severity becomes; this is the way back.
_SEVERITIES: Final[Mapping[str, Severity]] = {
    "emerg": "critical",
    "alert": "critical",
    "crit": "major",
    "err": "minor",
    "warning": "warning",
}


@dataclass(frozen=True, slots=True)
class Classification:
    """What a notification means, in the vocabulary that rules, checks and Slack share."""

    kind: str
    problem: str
    phase: Phase
    severity: Severity
    subject: Subject


class Kinds:
    """The kinds catalogue. Immutable once built; safe to share."""

    def __init__(self, compiled: Compiled) -> None:
        """`compiled` is what compile_files() made of the kinds files."""
        self.compiled = compiled

    @classmethod
    def load(cls, paths: Iterable[Path] = (), catalogue: Catalogue | None = None) -> Kinds:
        """The shipped kinds, after those of `paths` (directories): a site's own entry is tried first.

        `catalogue` names what the entries speak of; the shipped one if None.

        Raises:
            KindsError: A file cannot be used; one line that says which, where and why.
        """
        files = [*files_of(paths), *shipped_files()]
        return cls(compile_files(files, catalogue or Catalogue.load()))

    def classify(self, notification: Notification, os: str | None = None) -> Classification:
        """What a notification of a device with this OS means; None if pagoda does not know the device."""
        entries = self.compiled.traps.get(notification.oid)
        if entries is not None:
            varbinds = {varbind.name: varbind for varbind in reversed(notification.varbinds)}
            for entry in entries:
                held = entry.held(varbinds, os)
                if held is not None:
                    return _classified(entry.kind, entry.subject.subject(notification, varbinds, held))
        subject = Subject(type="notification", name=notification.name)
        return Classification(UNKNOWN_TRAP, UNKNOWN_TRAP, "info", "info", subject)

    def classify_syslog(self, message: SyslogMessage, os: str | None) -> Classification:
        """What a message of a device with this OS means; None if pagoda does not know the device."""
        found = self.compiled.syslog.find(message, os)
        if found is not None:
            return _classified(found.entry.kind, found.subject)
        subject = Subject(type="message", name=message.tag or message.app_name)
        severity = _SEVERITIES.get(message.severity or "", "info")
        return Classification(UNKNOWN_SYSLOG, UNKNOWN_SYSLOG, "info", severity, subject)


def _classified(kind: Kind, subject: Subject) -> Classification:
    return Classification(kind.name, kind.problem, kind.phase, kind.severity, subject)
