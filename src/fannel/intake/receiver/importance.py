"""Whether a datagram merely informs: what the spool lets go of first when it is full.

Asked for the first time on the day that happens: only then are the catalogues loaded.
"""

from __future__ import annotations

import functools
from datetime import UTC
from typing import TYPE_CHECKING

from fannel import logs
from fannel.intake.datagram import SYSLOG

if TYPE_CHECKING:
    from pathlib import Path

    from fannel.intake.counters import Counters
    from fannel.intake.datagram import Datagram
    from fannel.kinds.site import Catalogues

log = logs.Logger("fannel.receiver")


def is_info(counters: Counters, datagram: Datagram, kinds: Path | None = None, mibs: Path | None = None) -> bool:
    """Whether it is of phase `info` and not critical. False for what cannot be read: SNMPv3, what is broken.

    `kinds` and `mibs` are the folders of the site's own. Whose line it is, and thus of which OS, nobody knows here: one
    of no kind is less than a kind.
    """
    from fannel.wire.ber import DecodeError  # noqa: PLC0415
    from fannel.wire.snmp import decode  # noqa: PLC0415
    from fannel.wire.syslog import parse  # noqa: PLC0415

    try:
        names, known = _catalogues(kinds, mibs)
        if datagram.transport in SYSLOG:
            line = parse(datagram.payload, received_at=datagram.received_at, zone=UTC)
            found = known.classify_syslog(line, None)
        else:
            found = known.classify(names.name(decode(datagram.payload)))
    except DecodeError:
        return False
    except Exception:
        # A defect of ours. The spool is full and makes room: one datagram that cannot be judged must not stop that.
        log.exception("a datagram could not be classified", source=datagram.source)
        counters.add("defects", "classification")
        return False
    return found.phase == "info" and found.severity != "critical"


@functools.cache
def _catalogues(kinds: Path | None, mibs: Path | None) -> Catalogues:
    from fannel.kinds.document import KindsError  # noqa: PLC0415
    from fannel.kinds.site import catalogues  # noqa: PLC0415
    from fannel.naming.module import CatalogueError  # noqa: PLC0415

    try:
        return catalogues(kinds, mibs)
    except (CatalogueError, KindsError) as error:
        log.error("the site's own kinds cannot be used, judging by the shipped ones", reason=str(error))
        return catalogues()
