"""Who is who, groups of people, and reactions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fannel.lab.slack.methods.registry import Json, method
from fannel.lab.slack.refusal import Refusal
from fannel.lab.slack.workspace import BOT_ID, BOT_USER, TEAM_ID

if TYPE_CHECKING:
    from fannel.lab.slack.workspace import Workspace

_REACTION = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?\Z")


@method("api.test")
def api_test(_workspace: Workspace, arguments: Json) -> Json:
    """Says back what it was told."""
    return {"args": arguments}


@method("auth.test")
def auth_test(workspace: Workspace, _arguments: Json) -> Json:
    """Who the token is."""
    return {
        "url": f"{workspace.base_url}/",
        "team": "FANNEL lab",
        "team_id": TEAM_ID,
        "user": "fannel",
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


@method("users.info")
def users_info(workspace: Workspace, arguments: Json) -> Json:
    """A person, with the time zone."""
    user = workspace.users.get(str(arguments.get("user")))
    if user is None:
        raise Refusal("user_not_found")
    return {"user": user}


@method("usergroups.list")
def usergroups(workspace: Workspace, _arguments: Json) -> Json:
    """The groups; their people are asked for one by one."""
    shown = [{key: value for key, value in group.items() if key != "users"} for group in workspace.groups.values()]
    return {"usergroups": shown}


@method("usergroups.users.list")
def usergroup_users(workspace: Workspace, arguments: Json) -> Json:
    """Who is in a group."""
    group = workspace.groups.get(str(arguments.get("usergroup")))
    if group is None:
        raise Refusal("no_such_subteam")
    return {"users": list(group["users"])}


@method("reactions.get")
def get_reactions(workspace: Workspace, arguments: Json) -> Json:
    """A message with its reactions."""
    channel = workspace.channel(arguments.get("channel"))
    message = workspace.message(channel, arguments.get("timestamp"))
    return {"type": "message", "channel": channel.id, "message": message}


@method("reactions.add")
def add_reaction(workspace: Workspace, arguments: Json) -> Json:
    """React; once per name."""
    message, name = _target(workspace, arguments)
    reactions: list[Json] = message.setdefault("reactions", [])
    found = next((reaction for reaction in reactions if reaction["name"] == name), None)
    if found is None:
        found = {"name": name, "users": [], "count": 0}
        reactions.append(found)
    if BOT_USER in found["users"]:
        raise Refusal("already_reacted")
    found["users"].append(BOT_USER)
    found["count"] += 1
    return {}


@method("reactions.remove")
def remove_reaction(workspace: Workspace, arguments: Json) -> Json:
    """Take an own reaction back."""
    message, name = _target(workspace, arguments)
    found = next(
        (one for one in message.get("reactions", []) if one["name"] == name and BOT_USER in one["users"]), None
    )
    if found is None:
        raise Refusal("no_reaction")
    found["users"].remove(BOT_USER)
    found["count"] -= 1
    message["reactions"] = [one for one in message["reactions"] if one["count"]]
    return {}


def _target(workspace: Workspace, arguments: Json) -> tuple[Json, str]:
    channel = workspace.channel(arguments.get("channel"))
    name = str(arguments.get("name") or "")
    if not _REACTION.match(name):
        raise Refusal("invalid_name")
    return workspace.message(channel, arguments.get("timestamp")), name
