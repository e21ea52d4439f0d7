"""Action fannel.network.note: say what nobody logs in for."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible_collections.fannel.network.plugins.plugin_utils.step import Step, number

from fannel.slack.layout import Often

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.event import Json
    from fannel.respond import Responder


_MOST_TIMES, _WEEK_MINUTES = 10_000, 10_080


class ActionModule(Step):
    """See plugins/modules/note.py."""

    OPTIONS = ("times", "within_minutes")

    def step(
        self,
        event: Json,
        responder: Responder,
        settings: Settings,  # noqa: ARG002
        task_vars: dict[str, Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Say it."""
        args = self._task.args
        given = [args[option] for option in self.OPTIONS if option in args]
        if len(given) == 1:
            msg = "times and within_minutes belong together: so often within so long"
            raise AnsibleActionFail(msg)
        often = None
        if given:
            times = number("times", given[0], "times", _MOST_TIMES)
            within = number("within_minutes", given[1], "minutes", _WEEK_MINUTES)
            often = Often(ceil(times), ceil(within))
        responder.note(event, often=often)
        return {"changed": True}
