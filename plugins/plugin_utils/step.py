"""What the collection's action plugins share: settings in, a Responder to work with, errors a person can read."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from fannel import config
from fannel.checks.verdict import Output, Verdict
from fannel.incidents.store import StoreError
from fannel.respond import Responder, UnknownIncidentError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Step(ActionBase):
    """An action on an event's incident. It needs no connection: it runs inside ansible-playbook itself."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = False
    OPTIONS: tuple[str, ...] = ("event",)
    OPTIONAL: tuple[str, ...] = ()

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do the step; settings, database and incident troubles fail the task with one readable line."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        args = required(self._task.args, self.OPTIONS, self.OPTIONAL)
        try:
            responder = Responder.open(config.load())
            try:
                result.update(self.step(responder, args))
            finally:
                responder.close()
        except (config.ConfigError, StoreError, UnknownIncidentError) as error:
            raise AnsibleActionFail(str(error)) from error
        return result

    @abstractmethod
    def step(self, responder: Responder, args: dict[str, Any]) -> dict[str, Any]:
        """What this action does; returns what the task registers."""


def required(args: Mapping[str, Any], names: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """The arguments, all of `names` given, none unknown, each a dictionary of plain JSON values.

    Ansible hands over subclasses of str, int and the rest that carry tags; the library means the plain ones.
    """
    known = (*names, *optional)
    if unknown := set(args) - set(known):
        msg = f"unknown option {', '.join(sorted(unknown))}; known: {', '.join(known)}"
        raise AnsibleActionFail(msg)
    for name in (*names, *(name for name in optional if name in args)):
        if not isinstance(args.get(name), dict):
            msg = f"{name}: a dictionary is needed (the event a rule matched, or a registered check)"
            raise AnsibleActionFail(msg)
    plain: dict[str, Any] = json.loads(json.dumps(dict(args)))
    return plain


def verdict_of(check: Mapping[str, Any]) -> Verdict:
    """The verdict a registered `fannel.network.check` holds; a check that failed before it could judge is none."""
    found = check.get("verdict")
    if not isinstance(found, dict):
        return Verdict("inconclusive", (str(check.get("msg") or "the check did not run"),))
    return Verdict(
        outcome=found["outcome"],
        reasons=tuple(found["reasons"]),
        evidence=tuple(found["evidence"]),
        facts=found["facts"],
        outputs=tuple(Output(**output) for output in check.get("outputs", ())),
        took_s=check.get("took_s", 0.0),
        subject_name=check.get("subject_name"),
        waited=check.get("waited", ""),
    )
