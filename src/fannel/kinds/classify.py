"""Classification: a named notification in, kind, problem, phase, severity and subject out.

    kinds = Kinds.load()
    kinds.classify(notification)   # Classification(kind="interface_down", problem="interface_down", phase="raise", …)

Pure once loaded. What no entry is for is an `unknown_trap`: an event like any other, told apart by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fannel.event import Phase, Severity, Subject
from fannel.kinds.compile import compile_files, files_of, shipped_files
from fannel.naming.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fannel.kinds.entry import Entry
    from fannel.naming.catalogue import Notification

UNKNOWN_TRAP: Final = "unknown_trap"


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

    def __init__(self, entries: Mapping[str, tuple[Entry, ...]]) -> None:
        """`entries` by the OID of their notification, each in the order they are tried."""
        self._entries = entries

    @classmethod
    def load(cls, paths: Iterable[Path] = (), catalogue: Catalogue | None = None) -> Kinds:
        """The shipped kinds, after those of `paths` (directories): a site's own entry is tried first.

        `catalogue` names what the entries speak of; the shipped one if None.

        Raises:
            KindsError: A file cannot be used; one line that says which, where and why.
        """
        files = [*files_of(paths), *shipped_files()]
        return cls(compile_files(files, catalogue or Catalogue.load()))

    def classify(self, notification: Notification) -> Classification:
        """What `notification` means."""
        entries = self._entries.get(notification.oid)
        if entries is not None:
            varbinds = {varbind.name: varbind for varbind in reversed(notification.varbinds)}
            for entry in entries:
                if entry.applies(varbinds):
                    subject = entry.subject.subject(notification, varbinds)
                    return Classification(entry.kind, entry.problem, entry.phase, entry.severity, subject)
        subject = Subject(type="notification", name=notification.name)
        return Classification(UNKNOWN_TRAP, UNKNOWN_TRAP, "info", "info", subject)
