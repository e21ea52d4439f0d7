"""What `POST /_lab/ACTION` asks of the stand-in, as JSON: to be Slack's people, and Slack's bad days.

People: `say` {channel, text, user?, thread_ts?, bot_id?, subtype?}, `edit` {channel, ts, text, user?}, `delete`
{channel, ts}, `click` {channel, ts, action, user?, value?}, `slash` {channel, text, user?, command?}.
Bad days: `fault` (see faults.Fault; `socket` and `response_url` are methods, too), `clear_faults`, `disconnect`
{reason?}, `abort`, `freeze`, `expire_tickets`, `redeliver`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fannel.lab.slack.faults import Fault
from fannel.lab.slack.workspace import OPERATOR

if TYPE_CHECKING:
    from fannel.lab.slack.faults import Faults
    from fannel.lab.slack.people import People
    from fannel.lab.slack.sockets import Sockets

Json = dict[str, Any]

ACTIONS = (
    *("say", "edit", "delete", "click", "slash"),
    *("fault", "clear_faults", "disconnect", "abort", "freeze", "expire_tickets", "redeliver"),
)


def directed(people: People, sockets: Sockets, faults: Faults, action: str, given: Json) -> Json:
    """Do it, and return what there is to say about it.

    Raises:
        KeyError, ValueError, Refusal: what is missing or wrong.
    """
    done = _people(people, action, given)
    if done is None:
        done = _sockets(sockets, action, given)
    if done is not None:
        return done
    match action:
        case "fault":
            fault = Fault.from_json(given)
            faults.add(fault)
            return asdict(fault)
        case "clear_faults":
            faults.clear()
            return {}
    msg = f"unknown action {action!r}: {', '.join(ACTIONS)}"
    raise ValueError(msg)


def _people(people: People, action: str, given: Json) -> Json | None:
    user = given.get("user", OPERATOR)
    match action:
        case "say":
            more = {key: str(given[key]) for key in ("bot_id", "subtype") if key in given}
            return people.say(given["channel"], str(given["text"]), user=user, thread_ts=given.get("thread_ts"), **more)
        case "edit":
            return people.edit(given["channel"], given["ts"], str(given["text"]), user=given.get("user"))
        case "delete":
            people.delete(given["channel"], given["ts"])
            return {}
        case "click":
            return people.click(given["channel"], given["ts"], given["action"], user=user, value=given.get("value"))
        case "slash":
            command = given.get("command", "/fannel")
            return people.slash(given["channel"], str(given["text"]), command=command, user=user)
    return None


def _sockets(sockets: Sockets, action: str, given: Json) -> Json | None:
    match action:
        case "disconnect":
            sockets.disconnect(given.get("reason", "refresh_requested"))
        case "abort":
            sockets.abort()
        case "freeze":
            sockets.freeze()
        case "expire_tickets":
            sockets.expire_tickets()
        case "redeliver":
            return {"redelivered": sockets.redeliver()}
        case _:
            return None
    return {}
