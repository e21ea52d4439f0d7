"""What the collection's action plugins share: an event and settings in, a Responder to work with, readable errors."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from fannel import config
from fannel.incidents.store import PATIENCE_S, Store, StoreError
from fannel.posting import open_outbox
from fannel.respond import Responder, UnknownIncidentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.config import Settings
    from fannel.event import Json


class Step(ActionBase):
    """An action on an event. Ansible opens no connection for it: it runs inside ansible-playbook itself."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = False
    # What it takes beside the event.
    OPTIONS: tuple[str, ...] = ()

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do the step; settings, database and incident troubles fail the task with one readable line."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        event = event_of(self._task.args, self.OPTIONS)
        try:
            settings = config.load()
            store = Store.open(settings.database.url, patience_s=PATIENCE_S)
            try:
                responder = Responder(settings, store, open_outbox(settings, store))
                result.update(self.step(event, responder, settings, task_vars or {}))
            finally:
                store.close()
        except (config.ConfigError, StoreError, UnknownIncidentError) as error:
            raise AnsibleActionFail(str(error)) from error
        return result

    @abstractmethod
    def step(self, event: Json, responder: Responder, settings: Settings, task_vars: dict[str, Any]) -> dict[str, Any]:
        """What this action does about the event; returns what the task registers."""


def event_of(args: Mapping[str, Any], others: tuple[str, ...] = ()) -> Json:
    """The option every step has, the event a rule matched, as plain JSON values; `others` may be there, too.

    Ansible hands over subclasses of str, int and the rest that carry tags; the library means the plain ones.
    """
    if unknown := set(args) - {"event", *others}:
        msg = f"unknown option {', '.join(sorted(unknown))}; known: {', '.join(('event', *others))}"
        raise AnsibleActionFail(msg)
    if not isinstance(args.get("event"), dict):
        msg = "event: a dictionary is needed, the event a rule matched"
        raise AnsibleActionFail(msg)
    plain: Json = json.loads(json.dumps(args["event"]))
    return plain


def number(option: str, given: Any, unit: str, most: int) -> float:
    """The value of an option in `unit`, above 0; AnsibleActionFail says what is needed."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 < number <= most:
        msg = f"{option}: {unit} up to {most} are needed, not {given!r:.40}"
        raise AnsibleActionFail(msg)
    return number
