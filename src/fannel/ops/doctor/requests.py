"""Requests in Slack: can they be heard where silences are asked for, and does Slack tell who may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.ops.doctor.finding import PATIENCE_S, ok, warning, wrong
from fannel.slack.client import SlackClient
from fannel.slack.errors import ChannelArchived, NotInChannel, SlackError

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.ops.doctor.finding import Finding

NAME = "requests"


def requests(settings: Settings, patience_s: float = PATIENCE_S) -> Finding:
    """Whether people's messages become silences. Nothing is posted."""
    slack = settings.slack
    if slack.bot_token is None or slack.app_token is None:
        return ok(NAME, "nobody is heard in Slack (SLACK_APP_TOKEN, SLACK_BOT_TOKEN)")
    client = SlackClient(slack.bot_token.get_secret_value(), api_url=str(slack.api_url), timeout_s=patience_s / 4)
    names = []
    for channel in settings.silences.channels:
        try:
            found = client.channel_info(channel)
        except SlackError as error:
            return wrong(NAME, f"silences.channels: {channel}: {error.code}", error.remedy)
        if found.is_archived or not found.is_member:
            what = "is archived" if found.is_archived else "FANNEL is not a member"
            remedy = ChannelArchived.remedy if found.is_archived else NotInChannel.remedy
            return wrong(NAME, f"silences.channels: #{found.name} ({channel}): {what}", remedy)
        names.append(f"#{found.name}")
    return _permissions(settings, client) or ok(NAME, f"heard in {', '.join(names) or slack.channel}")


def _permissions(settings: Settings, client: SlackClient) -> Finding | None:
    """What keeps somebody from doing what the settings permit, if anything does."""
    named = settings.permissions.model_dump(exclude={"bots"})
    groups = {group: action for action, members in named.items() for group in members if group.startswith("S")}
    for group, action in groups.items():
        shown = f"permissions.{action}: user group {group}"
        try:
            users = client.call("usergroups.users.list", usergroup=group).get("users")
        except SlackError as error:
            remedy = "add the scope usergroups:read to the app and install it again, or correct the group's id"
            return wrong(NAME, f"{shown}: {error.code}: nobody of it may", remedy)
        if not users:
            return warning(NAME, f"{shown} is empty: nobody may by it", "add its people in Slack, or name another one")
    return None
