"""The event sources inside ansible-rulebook: thin, because its interpreter's time belongs to the rule engine.

They start the receiver, the observer and the listener, keep them running, and hand their events to the rules.
"""

from fannel.source.chat import run_chat_source
from fannel.source.child import StartError
from fannel.source.feed import EventQueue
from fannel.source.shared import run_source

__all__ = ["EventQueue", "StartError", "run_chat_source", "run_source"]
