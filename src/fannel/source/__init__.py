"""The event source inside ansible-rulebook: thin, because its interpreter's time belongs to the rule engine.

It starts the receiver and the observer, keeps them running, and hands the observer's events to the rules.
"""

from fannel.source.child import StartError
from fannel.source.feed import EventQueue
from fannel.source.trap import run_trap_source

__all__ = ["EventQueue", "StartError", "run_trap_source"]
