"""Action fannel.network.note: say what nobody logs in for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fannel.network.plugins.plugin_utils.step import Step

if TYPE_CHECKING:
    from fannel.respond import Responder


class ActionModule(Step):
    """See plugins/modules/note.py."""

    def step(self, responder: Responder, args: dict[str, Any]) -> dict[str, Any]:
        """Say it."""
        responder.note(args["event"])
        return {"changed": True}
