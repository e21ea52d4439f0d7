"""Action fannel.network.further: go on from a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.fannel.network.plugins.plugin_utils.step import Step

from fannel.incidents.look import WHERE, look_event

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.event import Json
    from fannel.respond import Responder


# An event that no rule is for: set_stats, and ansible-rulebook after it, want one.
NOTHING = {"kind": "nothing"}


class ActionModule(Step):
    """See plugins/modules/further.py."""

    OPTIONS = ("look_at", "where", "again_after_s", "escalate")

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
            result["changed"] = responder.look_again(event, _seconds(after_s))
        if boolean(args.get("escalate", False)) and settings.slack.escalate_to:
            result["changed"] |= responder.escalate(event, settings.slack.escalate_to)
        if problem := args.get("look_at"):
            where = str(args.get("where", WHERE[0]))
            if where not in WHERE:
                msg = f"where: {where!r:.40} is not {' or '.join(WHERE)}"
                raise AnsibleActionFail(msg)
            asked = look_event(event, str(problem), where)
            if asked is not None:
                result |= {"changed": True, "event": asked.to_queue()}
        return result


def _seconds(given: Any) -> float:
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 < seconds <= 86_400:
        msg = f"again_after_s: seconds up to a day are needed, not {given!r:.40}"
        raise AnsibleActionFail(msg)
    return seconds
