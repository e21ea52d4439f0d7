"""What people do with the app: write, edit, delete, click a button, type a slash command; and what they are answered.

Each becomes what Slack would send to the app: an event (of the Events API), an interaction, a command. A click and a
command carry a response_url, good five times and for half an hour.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from fannel.lab.slack.workspace import APP_ID, BOT_ID, BOT_USER, OPERATOR, TEAM_ID, Channel, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fannel.lab.slack.sockets import Envelope, Sockets

Json = dict[str, Any]

RESPONSES, RESPONSE_WITHIN_S = 5, 1800.0


class People:
    """The people of one workspace. `answers` are what was posted to response_urls or said in an ack, oldest first."""

    def __init__(self, workspace: Workspace, sockets: Sockets) -> None:
        self.answers: list[Json] = []
        self._workspace = workspace
        self._sockets = sockets
        # Of each response_url: where it leads, how often and until when it is good.
        self._urls: dict[str, Json] = {}
        workspace.heard_by.append(self._happened)

    # --- in a channel ---------------------------------------------------------------------------------------------

    def say(self, channel: str, text: str, *, user: str = OPERATOR, thread_ts: str | None = None, **more: str) -> Json:
        """Write; `more` are fields of the message: bot_id, subtype, …."""
        message = {"user": user, "text": text, **more}
        return self._workspace.add(self._channel(channel), message, thread_ts=thread_ts)

    def edit(self, channel: str, ts: str, text: str, *, user: str | None = None) -> Json:
        """Change what one wrote."""
        where = self._channel(channel)
        return self._workspace.edit(where, self._workspace.message(where, ts), {"text": text}, user=user)

    def delete(self, channel: str, ts: str) -> None:
        """Take it back."""
        where = self._channel(channel)
        self._workspace.delete(where, self._workspace.message(where, ts)["ts"])

    # --- with the app ---------------------------------------------------------------------------------------------

    def click(self, channel: str, ts: str, action: str, *, user: str = OPERATOR, value: str | None = None) -> Json:
        """Press the button with this action_id; of a menu, choose `value`. Returns the interaction.

        With `value` the button need not be there any more: a client may still show an older message.

        Raises:
            ValueError: there is no such button, and no value is given.
        """
        where = self._channel(channel)
        message = self._workspace.message(where, ts)
        found = next((one for one in _elements(message) if one[1].get("action_id") == action), None)
        if found is None and value is None:
            there = ", ".join(str(one[1].get("action_id")) for one in _elements(message)) or "none"
            msg = f"no button {action!r} in the message; there are: {there}"
            raise ValueError(msg)
        attachment, element, block_id = found or (None, {"type": "button", "value": value}, "gone")
        pressed: Json = {"type": element["type"], "action_id": action, "block_id": block_id}
        pressed["action_ts"] = self._workspace.next_ts()
        if element["type"] == "button":
            pressed |= {"value": element.get("value") if value is None else value, "text": element.get("text")}
        else:
            offered = _offered(element)
            chosen = [one for one in offered if value in (None, one.get("value"))]
            if not chosen:
                msg = f"no option {value!r} in {action!r}"
                raise ValueError(msg)
            pressed["selected_option"] = chosen[0]
        container: Json = {"type": "message", "message_ts": ts, "channel_id": where.id, "is_ephemeral": False}
        if attachment is not None:
            container |= {"type": "message_attachment", "attachment_id": attachment}
        if message.get("thread_ts"):
            container["thread_ts"] = message["thread_ts"]
        payload: Json = {
            "type": "block_actions",
            "user": {"id": user, "username": self._name(user), "team_id": TEAM_ID},
            "api_app_id": APP_ID,
            "team": {"id": TEAM_ID, "domain": "lab"},
            "container": container,
            "channel": {"id": where.id, "name": where.name},
            "message": copy.deepcopy(message),
            "trigger_id": self._workspace.next_id("T"),
            "response_url": self._response_url("actions", where, user, ts),
            "state": {"values": {}},
            "actions": [pressed],
        }
        self._sockets.push("interactive", payload)
        return payload

    def slash(self, channel: str, text: str, *, command: str = "/fannel", user: str = OPERATOR) -> Json:
        """Type a command. Returns it as the app gets it."""
        where = self._channel(channel)
        payload = {
            "command": command,
            "text": text,
            "user_id": user,
            "user_name": self._name(user),
            "channel_id": where.id,
            "channel_name": where.name,
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "response_url": self._response_url("commands", where, user, None),
            "trigger_id": self._workspace.next_id("T"),
        }
        self._sockets.push("slash_commands", payload)
        return payload

    # --- what the app answers -------------------------------------------------------------------------------------

    def respond(self, url_id: str, body: Json) -> bool:
        """The app posts to a response_url; False when that is not good any more."""
        url = self._urls.get(url_id)
        if url is None or url["left"] <= 0 or self._workspace.clock() > url["until"]:
            return False
        url["left"] -= 1
        self._answer(url, body, via="response_url")
        return True

    def acknowledged(self, envelope: Envelope, body: Json) -> None:
        """A command was answered in its ack."""
        self._answer(self._urls[envelope.payload["response_url"].rsplit("/", 1)[1]], body, via="ack")

    def _answer(self, url: Json, body: Json, *, via: str) -> None:
        channel, ts = self._workspace.channels[url["channel"]], url["message_ts"]
        self.answers.append({"via": via, "user": url["user"], "channel": channel.id, "message_ts": ts, "body": body})
        message = self._workspace.messages[channel.id].get(ts) if ts is not None else None
        if message is not None and body.get("delete_original"):
            self._workspace.delete(channel, ts)
        elif message is not None and body.get("replace_original"):
            self._workspace.edit(channel, message, _shown(body), user=BOT_USER)
        elif body.get("response_type") == "in_channel":
            said = {"user": BOT_USER, "bot_id": BOT_ID, **_shown(body)}
            self._workspace.add(channel, said, thread_ts=body.get("thread_ts"))
        else:
            self._workspace.whisper(channel, url["user"], body)

    # --- pieces ---------------------------------------------------------------------------------------------------

    def _happened(self, event: Json) -> None:
        self._sockets.push(
            "events_api",
            {
                "type": "event_callback",
                "team_id": TEAM_ID,
                "api_app_id": APP_ID,
                "event_id": self._workspace.next_id("Ev"),
                "event_time": int(self._workspace.clock()),
                "event": event,
                "authorizations": [{"team_id": TEAM_ID, "user_id": BOT_USER, "is_bot": True}],
            },
        )

    def _channel(self, reference: str) -> Channel:
        return self._workspace.channel(reference, by_name=True, member=False)

    def _name(self, user: str) -> str:
        return str(self._workspace.users.get(user, {}).get("name", user))

    def _response_url(self, of: str, channel: Channel, user: str, ts: str | None) -> str:
        url_id = self._workspace.next_id("R")
        until = self._workspace.clock() + RESPONSE_WITHIN_S
        self._urls[url_id] = {
            "channel": channel.id,
            "user": user,
            "message_ts": ts,
            "left": RESPONSES,
            "until": until,
        }
        return f"{self._workspace.base_url}/response/{of}/{url_id}"


def _shown(body: Json) -> Json:
    return {key: value for key, value in body.items() if key in {"text", "blocks", "attachments"}}


def options(message: Json, action: str) -> list[tuple[str, str]]:
    """What the menu with this action_id offers: value and label of each."""
    menu: Json = next((one for _, one, _ in _elements(message) if one.get("action_id") == action), {})
    return [(str(one.get("value")), str((one.get("text") or {}).get("text", ""))) for one in _offered(menu)]


def _offered(element: Json) -> list[Json]:
    grouped = (one for group in element.get("option_groups") or () for one in group.get("options") or ())
    return [*(element.get("options") or ()), *grouped]


def _elements(message: Json) -> Iterator[tuple[int | None, Json, str]]:
    """Everything that can be pressed: the attachment it is in, itself, its block's id."""
    groups: list[tuple[int | None, list[Json]]] = [(None, message.get("blocks") or [])]
    groups += [(one.get("id"), one.get("blocks") or []) for one in message.get("attachments") or ()]
    for attachment, blocks in groups:
        for number, block in enumerate(blocks):
            inside = list(block.get("elements") or ()) if block.get("type") == "actions" else []
            inside += [block["accessory"]] if "accessory" in block else []
            for element in inside:
                yield attachment, element, str(block.get("block_id", f"block{number}"))
