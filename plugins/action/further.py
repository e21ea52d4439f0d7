"""Action fannel.network.further: go on from a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.fannel.network.plugins.plugin_utils.step import Step, number

from fannel.incidents.look import WHERE, look_event

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.event import Json
    from fannel.respond import Responder


# An event that no rule is for: set_stats, and ansible-rulebook after it, want one.
NOTHING = {"kind": "nothing"}
_DAY_S, _WEEK_MINUTES = 86_400, 10_080


class ActionModule(Step):
    """See plugins/modules/further.py."""

    OPTIONS = ("look_at", "where", "within_minutes", "again_after_s", "escalate")

    def step(
        self,
        event: Json,
        responder: Responder,
        settings: Settings,
        task_vars: dict[str, Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Do what the options ask for."""
        args = self._task.args
        result: dict[str, Any] = {"changed": False, "event": NOTHING}
        if (after_s := args.get("again_after_s")) is not None:
            result["changed"] = responder.look_again(event, number("again_after_s", after_s, "seconds", _DAY_S))
        if boolean(args.get("escalate", False)) and settings.slack.escalate_to:
            result["changed"] |= responder.escalate(event, settings.slack.escalate_to)
        if problem := args.get("look_at"):
            where = str(args.get("where", WHERE[0]))
            if where not in WHERE:
                msg = f"where: {where!r:.40} is not {' or '.join(WHERE)}"
                raise AnsibleActionFail(msg)
            within = args.get("within_minutes")
            within_s = None if within is None else 60 * number("within_minutes", within, "minutes", _WEEK_MINUTES)
            asked = look_event(event, str(problem), where, within_s)
            if asked is not None:
                result |= {"changed": True, "event": asked.to_queue()}
        return result
