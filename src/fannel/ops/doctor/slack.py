"""Slack: does it take the tokens, may the bot post where it should, and can people be heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.ops.doctor.finding import PATIENCE_S, ok, warning, wrong
from fannel.slack.client import SlackClient
from fannel.slack.errors import APP_REMEDY, ChannelArchived, FatalAuth, NotInChannel, SlackError

if TYPE_CHECKING:
    from fannel.config import Slack
    from fannel.ops.doctor.finding import Finding

NAME = "slack"
# What FANNEL asks of Slack, and what it is for.
_FILES = {"files:write": "long output cannot be shared", "files:read": "nobody looks whether a file is shown"}
_HEARING = {
    "users:read": "nobody's name and time zone is known",
    "reactions:write": "no request gets a mark",
    "commands": "/fannel is not there",
}
_HISTORY = "a post whose outcome is in doubt cannot be looked for, and may be there twice"


def slack(settings: Slack, patience_s: float = PATIENCE_S) -> Finding:
    """Whether a thread could be opened in the configured channel. Nothing is posted."""
    if settings.bot_token is None:
        return warning(NAME, "SLACK_BOT_TOKEN is not set: nothing is posted", "set SLACK_BOT_TOKEN and slack.channel")
    client = SlackClient(settings.bot_token.get_secret_value(), api_url=str(settings.api_url), timeout_s=patience_s / 2)
    try:
        me = client.auth_test()
        channel = client.channel_info(settings.channel)
    except SlackError as error:
        details = f" ({'; '.join(error.details)})" if error.details else ""
        return wrong(NAME, f"{error.method}: {error.code}{details}", error.remedy)
    if settings.app_token is not None:
        unheard = _ticket(settings.app_token.get_secret_value(), settings, patience_s)
        if unheard is not None:
            return unheard
    shown = f"{me.team}: #{channel.name} ({channel.id})"
    if channel.is_archived:
        return wrong(NAME, f"{shown} is archived", ChannelArchived.remedy)
    if not channel.is_member:
        return wrong(NAME, f"{shown}: {me.user} is not a member", NotInChannel.remedy)
    hears = settings.app_token is not None
    lacking = _lacking(me.scopes, private=channel.is_private, hears=hears)
    if lacking:
        first = next(iter(lacking.values()))
        remedy = "add the scope to the app (OAuth & Permissions) and install it to the workspace again"
        return warning(NAME, f"{shown}: the app lacks {', '.join(lacking)}: {first}", remedy)
    if not hears:
        return ok(NAME, f"{shown}, as {me.user}; without SLACK_APP_TOKEN nobody is heard there")
    return ok(NAME, f"{shown}, as {me.user}; people are heard")


def _ticket(token: str, settings: Slack, patience_s: float) -> Finding | None:
    """What keeps Slack from giving a connection; None when it gives one. It is not used."""
    client = SlackClient(token, api_url=str(settings.api_url), timeout_s=patience_s / 2)
    try:
        client.call("apps.connections.open")
    except FatalAuth as error:
        return wrong(NAME, f"SLACK_APP_TOKEN: {error.code}: nobody is heard", APP_REMEDY)
    except SlackError as error:
        return wrong(NAME, f"{error.method}: {error.code}: nobody is heard", error.remedy)
    return None


def _lacking(scopes: frozenset[str] | None, *, private: bool, hears: bool) -> dict[str, str]:
    """Scopes that are missing and what does not work without each, the worst first."""
    needed = {("groups:history" if private else "channels:history"): _HISTORY, **_FILES, **(_HEARING if hears else {})}
    return {} if scopes is None else {scope: why for scope, why in needed.items() if scope not in scopes}
