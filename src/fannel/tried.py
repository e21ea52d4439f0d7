"""What a process does besides its main work is tried: whatever goes wrong in it, the process goes on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from fannel import logs
from fannel.incidents.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fannel.intake.counters import Counters

log = logs.Logger("fannel")


@contextmanager
def tried(counters: Counters, doing: str, defect: str) -> Iterator[None]:
    """A block that ends quietly: a database that is away is said and counted, as `store_errors`; its next round comes.

    Anything else is a defect of ours: said with its traceback and counted for the reason `defect`, every time. `doing`
    begins the line, since lines are limited by their text: what fails twice a second hides nobody else's trouble.
    """
    try:
        yield
    except StoreError as error:
        log.error(f"{doing}: the database is away", reason=str(error))  # noqa: G004  (see above)
        counters.add("store_errors")
    except Exception:
        log.exception(f"{doing}: a defect of FANNEL's")  # noqa: G004  (see above)
        counters.add("defects", defect)
