"""Who may do what in Slack, by a message, a slash command or a button."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from fannel.config.section import Section

# A user group (S…) or a person (U…, W… in an enterprise grid) by Slack's id: a name may be taken by anybody.
_Member = Annotated[str, Field(pattern=r"^[SUW][A-Z0-9]{2,20}$")]
_Bot = Annotated[str, Field(pattern=r"^B[A-Z0-9]{2,20}$")]

Members: TypeAlias = tuple[_Member, ...]


class Permissions(Section):
    """For each action, who may: nobody named is everybody, in the channels of silences and of alerts.

    Whoever is named may wherever FANNEL is, and nobody else may.
    """

    silence: Members = ()
    resume: Members = ()
    extend: Members = ()
    ack: Members = ()
    recheck: Members = ()
    # Who may be the second person that a broad silence needs; nobody named: whoever may silence.
    confirm: Members = ()
    # Bots whose messages are requests (a workflow's form, say); all others' are none.
    bots: tuple[_Bot, ...] = ()
