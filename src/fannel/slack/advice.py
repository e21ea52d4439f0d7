"""What to do next when FANNEL could not judge: the reason a check gives, turned into a first step for a person."""

from __future__ import annotations

import re

_UNKNOWN = "Look at the device by hand: FANNEL saw too little to say."

# First match wins, so the narrower cause stands above the wider one it could be mistaken for.
_STEPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), step)
    for pattern, step in (
        (r"host key", "Verify the device's SSH host key, then correct known_hosts on FANNEL's machine."),
        (
            r"\benable\b|privilege|authori[sz]",
            "Let FANNEL's user run show commands: enable secret, privilege level, AAA.",
        ),
        (
            r"log ?in|password|credential|authenticat|permission denied",
            "Check the credentials FANNEL has for this device.",
        ),
        (
            r"no check\b|no such check|not supported",
            "Write a check for this problem and OS, and look by hand meanwhile.",
        ),
        (
            r"unreachable|no route|timed? ?out|refused|connect|resolve",
            "Is the device up? Try ping and SSH from FANNEL's machine: the device, an ACL or the management path.",
        ),
        (r"pars|understand|recogni[sz]|template", "Read the output below: the check does not know this form of it."),
    )
)


def next_step(reason: str) -> str:
    """One sentence for the thread."""
    return next((step for pattern, step in _STEPS if pattern.search(reason)), _UNKNOWN)
