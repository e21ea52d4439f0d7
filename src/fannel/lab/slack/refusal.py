"""How a method says no."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818  (an answer of the protocol, not a failure of this program)
    """`ok: false` with Slack's code; `extra` goes into the answer, `status` is 200 except for rate limits."""

    code: str
    extra: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
