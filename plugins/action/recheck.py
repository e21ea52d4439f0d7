"""Action fannel.network.recheck: whether a look that nobody asked for is still wanted, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fannel.network.plugins.plugin_utils.step import Step, verdict_of

if TYPE_CHECKING:
    from fannel.respond import Responder


class ActionModule(Step):
    """See plugins/modules/recheck.py."""

    OPTIONAL = ("check",)

    def step(self, responder: Responder, args: dict[str, Any]) -> dict[str, Any]:
        """Before the check say whether it is wanted, after it what follows."""
        if "check" not in args:
            return {"changed": False, "wanted": responder.recheck_wanted(args["event"])}
        return {"changed": True, "event": responder.recheck(args["event"], verdict_of(args["check"]))}
