"""The cases of tests/corpus/<os>/<kind>/<case>/, and what FANNEL makes of what was sent in each."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

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
        message = heard(case)
        return {"tag": message.tag, **shown(KINDS.classify_syslog(message, case.parts[-3]))}
    notification = named(case)
    return {
        "notification": notification.name,
        **shown(KINDS.classify(notification, case.parts[-3])),
        "varbinds": notification.values(),
    }


def shown(classification) -> dict:
    said = dataclasses.asdict(classification)
    said["subject"] = {fact: value for fact, value in said["subject"].items() if value is not None}
    return said
