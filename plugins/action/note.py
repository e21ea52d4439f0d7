"""Action fannel.network.note: say what nobody logs in for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fannel.network.plugins.plugin_utils.step import Step

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.event import Json
    from fannel.respond import Responder


class ActionModule(Step):
    """See plugins/modules/note.py."""

    def step(
        self,
        event: Json,
        responder: Responder,
        settings: Settings,  # noqa: ARG002
        task_vars: dict[str, Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Say it."""
        responder.note(event)
        return {"changed": True}
