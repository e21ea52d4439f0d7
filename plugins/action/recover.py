"""Action fannel.network.recover: resolve the incident if the check agrees, or say why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fannel.network.plugins.plugin_utils.step import Step, verdict_of

if TYPE_CHECKING:
    from fannel.respond import Responder


class ActionModule(Step):
    """See plugins/modules/recover.py."""

    OPTIONS = ("event", "check")

    def step(self, responder: Responder, args: dict[str, Any]) -> dict[str, Any]:
        """Recover; `event` is what set_stats hands back to the rules."""
        return {"changed": True, "event": responder.recover(args["event"], verdict_of(args["check"]))}
