"""Silence requests (静観) as people write them in chat, English and Japanese: what was meant, exactly, or why not.

Pure and linear in what was typed. `parse()` returns one outcome for each request of a message: a `Request` that was
understood whole, or a `Refusal` with the reason and the closest valid form. Ordinary talk has no outcome.
"""

from fannel.slack.grammar.known import Known
from fannel.slack.grammar.parse import parse
from fannel.slack.grammar.request import Limits, Outcome, Refusal, Request, Target

__all__ = ["Known", "Limits", "Outcome", "Refusal", "Request", "Target", "parse"]
