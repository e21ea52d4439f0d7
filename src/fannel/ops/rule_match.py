"""Which rules of a rulebook an event fulfils: asked of the rule engine itself, with actions that only say so.

A copy of the rulebook is run by ansible-rulebook in a folder of its own: the same conditions, one source that puts the
one event, and instead of every action a line. Nothing that the rules would start is started.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.event import Json

TIMEOUT_S = 120.0
_SAID = re.compile(r"FANNEL-RULE-(\d+)-HOLDS")
# Long enough for the engine to have said what it found; a source that returns shuts everything down.
_SOURCE = """\
import asyncio, json


async def main(queue, args):
    with open(args["file"], encoding="utf-8") as file:
        await queue.put(json.load(file))
    await asyncio.sleep(1)
"""


class RuleMatchError(Exception):
    """The rules could not be tried; the text says why."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule, what it would do, and whether the event fulfils its condition."""

    name: str
    action: str
    holds: bool


def rules_for(event: Json, rulebook: Path, program: Path, environ: Mapping[str, str]) -> list[Tried]:
    """Every rule of `rulebook` in its order; of those that hold, ansible-rulebook runs the first alone.

    `event` is as rules see it (neutralised). `program` is ansible-rulebook.

    Raises:
        RuleMatchError: the rulebook cannot be read, or ansible-rulebook does not take it.
    """
    try:
        rulesets = yaml.safe_load(rulebook.read_text(encoding="utf-8"))
        rules = [rule for ruleset in rulesets for rule in ruleset["rules"]]
        actions = [_action(rule) for rule in rules]
    except OSError as error:
        raise RuleMatchError(f"{rulebook}: {error.strerror}") from None
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise RuleMatchError(f"{rulebook}: not a rulebook: {' '.join(str(error).split())[:200]}") from None
    with tempfile.TemporaryDirectory(prefix="fannel-explain-") as name:
        folder = Path(name)
        (folder / "once.py").write_text(_SOURCE, encoding="utf-8")
        (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
        (folder / "rules.yml").write_text(yaml.safe_dump(_copy(rulesets, folder / "event.json")), encoding="utf-8")
        command = [str(program), "--skip-audit-events", "-S", str(folder), "--rulebook", str(folder / "rules.yml")]
        try:
            ran = subprocess.run(  # noqa: S603  (our own program)
                command, env=dict(environ), cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RuleMatchError(f"ansible-rulebook: {error}") from None
    if ran.returncode:
        raise RuleMatchError(f"{rulebook}: ansible-rulebook says: {(ran.stderr or ran.stdout).strip()[-500:]}")
    held = {int(number) for number in _SAID.findall(ran.stdout)}
    names = [str(rule.get("name", f"rule {number}")) for number, rule in enumerate(rules)]
    return [
        Tried(name, action, number in held) for number, (name, action) in enumerate(zip(names, actions, strict=True))
    ]


def _action(rule: Mapping[str, Any]) -> str:
    """`run_playbook fannel.network.respond`."""
    actions = [rule["action"]] if "action" in rule else rule["actions"]
    said = []
    for action in actions:
        for name, arguments in action.items():
            target = arguments.get("name") if isinstance(arguments, dict) else None
            said.append(f"{name} {target}" if target else name)
    return ", ".join(said)


def _copy(rulesets: list[dict[str, Any]], event: Path) -> list[dict[str, Any]]:
    """The same conditions; every rule that holds says its number. What throttles would hide the answer."""
    number = 0
    copies: list[dict[str, Any]] = []
    for ruleset in rulesets:
        rules = []
        for rule in ruleset["rules"]:
            action = {"debug": {"msg": f"FANNEL-RULE-{number}-HOLDS"}}
            rules.append({"name": f"rule {number}", "condition": rule["condition"], "action": action})
            number += 1
        source = {"name": "one event", "once": {"file": str(event)}}
        copies.append(
            {
                "name": f"{ruleset.get('name', 'rules')} {len(copies)}",
                "hosts": "all",
                "match_multiple_rules": True,
                "sources": [source],
                "rules": rules,
            }
        )
    return copies
