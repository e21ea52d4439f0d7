"""What is done again when the database is lost in the middle of it."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from fannel import logs
from fannel.incidents.store.database import StoreError, StoreOutOfDateError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logs.Logger("fannel.store")

_Step = ParamSpec("_Step")
_Said = TypeVar("_Said")


def again_if_lost(step: Callable[_Step, _Said]) -> Callable[_Step, _Said]:
    """A step that may be repeated (nothing of it is done by then, or all; posts have keys), once more if need be.

    With a patient store the second try waits for the database.
    """

    @wraps(step)
    def twice(*args: _Step.args, **kwargs: _Step.kwargs) -> _Said:
        try:
            return step(*args, **kwargs)
        except StoreOutOfDateError:
            raise
        except StoreError as error:
            log.warning("the database was lost, doing the step again", step=step.__name__, reason=str(error))
            return step(*args, **kwargs)

    return twice
