"""Action fannel.network.announce: open the incident's thread before anything is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fannel.network.plugins.plugin_utils.step import Step

if TYPE_CHECKING:
    from fannel.respond import Responder


class ActionModule(Step):
    """See plugins/modules/announce.py."""

    def step(self, responder: Responder, args: dict[str, Any]) -> dict[str, Any]:
        """Announce, and say whether an answer is still wanted."""
        wanted = responder.announce(args["event"])
        return {"changed": wanted, "wanted": wanted}
