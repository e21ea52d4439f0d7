"""The cases of tests/corpus/<os>/<kind>/<case>/, and what FANNEL makes of what was sent in each."""

from datetime import UTC, datetime
from pathlib import Path

from fannel.kinds.case import of_line, of_trap
from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue, Notification
from fannel.wire.snmp import decode
from fannel.wire.syslog import SyslogMessage, parse

CORPUS = Path(__file__).parent.parent / "corpus"
CATALOGUE, KINDS = Catalogue.load(), Kinds.load()
CASES = sorted(path.parent for name in ("trap.hex", "syslog.txt") for path in CORPUS.glob(f"*/*/*/{name}"))
RECEIVED_AT = datetime(2026, 11, 14, 8, 31, tzinfo=UTC)


def heard(case: Path) -> SyslogMessage:
    """The syslog message of a case."""
    return parse((case / "syslog.txt").read_bytes(), received_at=RECEIVED_AT, zone=UTC)


def named(case: Path) -> Notification:
    """The notification of a case."""
    return CATALOGUE.name(decode(bytes.fromhex((case / "trap.hex").read_text())))


def judged(case: Path) -> dict:
    """What its event.json should say."""
    if (case / "syslog.txt").exists():
        return of_line(KINDS, heard(case), case.parts[-3])
    return of_trap(KINDS, named(case), case.parts[-3])
