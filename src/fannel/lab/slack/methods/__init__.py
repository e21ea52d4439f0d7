"""The Web API methods: each takes the workspace and its decoded arguments and returns what `ok: true` carries."""

from fannel.lab.slack.methods import chat, conversations, files, people
from fannel.lab.slack.methods.registry import METHODS

__all__ = ["METHODS", "chat", "conversations", "files", "people"]
