"""Action fannel.network.answer: look at a device about an event, judge, and say what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from ansible.errors import AnsibleActionFail
from ansible_collections.fannel.network.plugins.plugin_utils.device import Device, operating_system
from ansible_collections.fannel.network.plugins.plugin_utils.step import Step

from fannel.incidents.look import KIND as LOOK
from fannel.respond import Say
from fannel.visit import Visits

# An event that no rule is for: set_stats, and ansible-rulebook after it, want one.
NOTHING = {"kind": "nothing"}

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.event import Json
    from fannel.respond import Responder


class ActionModule(Step):
    """See plugins/modules/answer.py."""

    OPTIONS = ("say",)

    def step(self, event: Json, responder: Responder, settings: Settings, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Answer it; every trouble with the device is a verdict, none is a failed task."""
        loader = self._shared_loader_obj.connection_loader

        def reach() -> Device:
            return Device(self._task, self._play_context, self._templar, loader, task_vars)

        if event["kind"] == LOOK:
            # The far end of a link: pagoda names the device, and the inventory knows what it runs.
            event["host"].setdefault("os", operating_system(self._templar, task_vars))
        say = str(self._task.args.get("say", "first"))
        if say not in get_args(Say):
            msg = f"say: {say!r:.40} is not {' or '.join(get_args(Say))}"
            raise AnsibleActionFail(msg)
        answer = Visits.of(settings, responder).answer(event, reach, say)
        if answer is None:
            return {"changed": False, "answered": False, "event": NOTHING}
        return {"changed": True, "answered": True, "event": answer}
