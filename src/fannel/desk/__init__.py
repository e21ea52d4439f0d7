"""The desk: what people ask FANNEL for in Slack, by a message, a button or a slash command, and what becomes of it.

It acts in the store and answers through the outbox, in one transaction: what was done is said, once, and what is said
was done.
"""

from fannel.desk.desk import Desk

__all__ = ["Desk"]
