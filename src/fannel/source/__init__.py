"""The event sources inside ansible-rulebook: thin, because its interpreter's time belongs to the rule engine.

They start the receiver and the observer, keep them running, and hand the observer's events to the rules.
"""

from fannel.source.child import StartError
from fannel.source.feed import EventQueue
from fannel.source.shared import run_source

__all__ = ["EventQueue", "StartError", "run_source"]
