"""A channel with a desk behind it: what people write is heard, dealt with, and the answers are delivered."""

from __future__ import annotations

from dataclasses import dataclass, field

from events import NOW

from fannel.directory import snapshot
from fannel.directory.directory import Device
from fannel.directory.mapping import DeviceMapping
from fannel.lab.slack.workspace import OPERATOR
from fannel.slack.inbound.heard import Click, Command, Message

ALERTS, SILENCES, LOBBY = "C0ALERTS01", "C0SILENCE1", "C0LOBBY001"
# Kei and Rin read clocks in Tokyo, Bob in Berlin.
KEI, RIN, BOB = OPERATOR, "U0RIN", "U0BOB"
PEOPLE = {
    RIN: {"id": RIN, "name": "rin", "real_name": "Rin", "tz": "Asia/Tokyo"},
    BOB: {"id": BOB, "name": "bob", "real_name": "Bob", "tz": "Europe/Berlin"},
}
ME = "<@U0FANNEL01>"


def device(name, number, site="tyo1", role="edge"):
    return Device(name, number, (f"192.0.2.{number}",), os="ios", platform="Cisco IOS-XE", site=site, role=role)


DEVICES = [
    device("rt-tyo-01.example.net", 1, role="core"),
    *(device(f"rt-tyo-0{number}.example.net", number) for number in range(2, 8)),
    device("rt-osa-01.example.net", 8, site="osa1"),
    device("sw1.tyo.example.net", 9, site="tyo2"),
    device("sw1.osa.example.net", 10, site="osa1"),
]


def keep_hosts(path, devices=None):
    """The list of hosts as an observer keeps it."""
    kept = snapshot.Snapshot(NOW.timestamp(), DEVICES if devices is None else devices, {})
    snapshot.save(path, kept, snapshot.Origin("https://pagoda.example.net", DeviceMapping()))


@dataclass
class Chat:
    """What people do, and what they see."""

    slack: object
    desk: object
    outbox: object
    clock: object
    answers: list = field(default_factory=list)

    def say(self, text, *, user=KEI, channel=SILENCES, thread=None, bot=None, hear=True, **more):
        """Write; returns the message's ts."""
        workspace = self.slack.workspace
        said = workspace.say(workspace.channel(channel, member=False), text, user=user, thread_ts=thread)
        message = Message(channel, said["ts"], user, text, thread_ts=thread, bot_id=bot, **more)
        if hear:
            self.hear(message)
        return said["ts"]

    def edit(self, ts, text, *, channel=SILENCES, user=KEI, edited=None, hear=True):
        """Change what was written."""
        workspace = self.slack.workspace
        message = workspace.messages[channel][ts]
        message["text"] = text
        edited = edited or f"{int(self.clock.now.timestamp())}.000000"
        changed = Message(channel, ts, user, text, thread_ts=_root(message), edited_ts=edited)
        if hear:
            self.hear(changed)
        return changed

    def delete(self, ts, *, channel=SILENCES):
        """Take it back."""
        workspace = self.slack.workspace
        thread = _root(workspace.messages[channel][ts])
        workspace.delete(workspace.channels[channel], ts)
        self.hear(Message(channel, ts, "", "", thread_ts=thread, deleted=True))

    def hear(self, message):
        self.desk.said(message)
        self.deliver()

    def click(self, ts, *, user=RIN, channel=SILENCES, value=None, action="fannel.confirm", hear=True):
        """Press the button of FANNEL's message, or choose in its menu; returns the click as it is heard."""
        pressed = self.slack.people.click(channel, ts, action, user=user, value=value)
        chosen, container = pressed["actions"][0], pressed["container"]
        click = Click(
            user=user,
            channel=channel,
            message_ts=ts,
            action=action,
            value=chosen["value"] if "value" in chosen else chosen["selected_option"]["value"],
            action_ts=chosen["action_ts"],
            response_url=pressed["response_url"],
            thread_ts=container.get("thread_ts"),
        )
        if hear:
            self.desk.clicked(click)
            self.deliver()
        return click

    def slash(self, text, *, user=KEI, channel=SILENCES):
        """Type a command."""
        typed = self.slack.people.slash(channel, text, user=user)
        self.desk.commanded(Command(user, channel, text, typed["response_url"]))
        self.deliver()

    def deliver(self):
        for _ in range(4):
            self.outbox.deliver()
            self.clock.forward(5)

    # --- what is seen ---------------------------------------------------------------------------------------------

    def messages(self, channel=SILENCES):
        return list(self.slack.workspace.messages[channel].values())

    def thread(self, ts, channel=SILENCES):
        """What FANNEL said under a message, each as plain lines."""
        return [
            shown(one)
            for one in self.messages(channel)
            if one.get("thread_ts") == ts and one["ts"] != ts and "bot_id" in one
        ]

    def answer(self, ts, channel=SILENCES):
        """The last of it."""
        return self.thread(ts, channel)[-1]

    def thread_ts(self, ts, channel=SILENCES):
        return [one["ts"] for one in self._said(ts, channel)]

    def answer_ts(self, ts, channel=SILENCES):
        return self._said(ts, channel)[-1]["ts"]

    def _said(self, ts, channel):
        there = (one for one in self.messages(channel) if one["ts"] != ts)
        return [one for one in there if one.get("thread_ts") == ts and "bot_id" in one]

    def emoji(self, ts, channel=SILENCES):
        return sorted(one["name"] for one in self.slack.workspace.messages[channel][ts].get("reactions", ()))

    def aside(self):
        """What people were told alone."""
        return [shown(one["body"]) for one in self.slack.people.answers]


def shown(message):
    """A message's blocks as text, buttons in brackets."""
    lines = []
    for block in message.get("blocks", ()):
        if block["type"] == "section":
            lines.append(block["text"]["text"])
        elif block["type"] == "context":
            lines += [one["text"] for one in block["elements"]]
        elif block["type"] == "actions":
            lines.append(" ".join(f"[{one['text']['text']}]" for one in block["elements"]))
    return "\n".join(lines)


def _root(message):
    root = message.get("thread_ts")
    return root if root != message["ts"] else None
