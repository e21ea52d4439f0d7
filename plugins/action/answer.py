"""Action fannel.network.answer: look at a device about an event, judge, and say what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fannel.network.plugins.plugin_utils.device import Device
from ansible_collections.fannel.network.plugins.plugin_utils.step import Step

from fannel.visit import Visits

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.event import Json
    from fannel.respond import Responder


class ActionModule(Step):
    """See plugins/modules/answer.py."""

    def step(self, event: Json, responder: Responder, settings: Settings, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Answer it; every trouble with the device is a verdict, none is a failed task."""
        loader = self._shared_loader_obj.connection_loader

        def reach() -> Device:
            return Device(self._task, self._play_context, self._templar, loader, task_vars)

        answer = Visits.of(settings, responder).answer(event, reach)
        if answer is None:
            return {"changed": False, "answered": False, "event": {}}
        # What ansible.builtin.set_stats returns: the verdict goes back to the rules, and a task is saved.
        stats = {"data": answer, "aggregate": True, "per_host": False}
        return {"changed": True, "answered": True, "event": answer, "ansible_stats": stats}
