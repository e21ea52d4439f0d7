"""Action fannel.network.conclude: keep the verdict, reply with what was found, update the parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fannel.network.plugins.plugin_utils.step import Step, verdict_of

if TYPE_CHECKING:
    from fannel.respond import Responder


class ActionModule(Step):
    """See plugins/modules/conclude.py."""

    OPTIONS = ("event", "check")

    def step(self, responder: Responder, args: dict[str, Any]) -> dict[str, Any]:
        """Conclude; `event` is what set_stats hands back to the rules."""
        return {"changed": True, "event": responder.conclude(args["event"], verdict_of(args["check"]))}
