"""One playbook on one host through ansible-runner, and what its tasks returned.

Variables go through a file, secrets through the environment: a process list shows neither. The folder ansible-runner
works in, which holds both, is readable to its owner alone and is gone when the run is over.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fannel.event import Json

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# The plugin that the inventory names is `auto`'s; the others then try to read the same file, and cannot either.
_UNPARSED = re.compile(r"Failed to parse inventory with 'auto' plugin: (.+)")


class PlaybookError(Exception):
    """The playbook could not be run; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of it. `failure` is what the first task that failed said, `said` what Ansible printed."""

    results: tuple[tuple[str, Json], ...] = ()
    failure: str | None = None
    said: str = ""

    @property
    def unparsed(self) -> str | None:
        """Why the inventory could not be read, where it could not."""
        found = _UNPARSED.search(self.said)
        return found[1].strip() if found else None

    def result_of(self, action: str, key: str) -> Any:  # noqa: ANN401  (any JSON value)
        """What the first task of this action returned under `key`; None where none did."""
        return next((result[key] for name, result in self.results if name == action and key in result), None)


def run_playbook(
    playbook: Path,
    *,
    program: Path,
    inventory: Path,
    host: str,
    variables: Mapping[str, str],
    environ: Mapping[str, str],
) -> Ran:
    """Run it to its end. `program` is ansible-runner; `environ` is all that the run sees of ours.

    Raises:
        PlaybookError: ansible-runner is not there.
    """
    with tempfile.TemporaryDirectory(prefix="fannel-check-") as folder:
        (Path(folder) / "env").mkdir()
        (Path(folder) / "env" / "extravars").write_text(json.dumps(dict(variables)), encoding="utf-8")
        command = [str(program), "run", folder, "--playbook", str(playbook), "--inventory", str(inventory)]
        command += ["--limit", host, "--json"]
        try:
            done = subprocess.run(  # noqa: S603  (our own program)
                command, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            raise PlaybookError(
                f"ansible-runner is not installed ({program.parent}): pip install ansible-runner"
            ) from None
        except OSError as error:
            raise PlaybookError(f"{program}: {error.strerror}") from None
    ran = _read(done.stdout.splitlines())
    if not ran.results and not ran.said:
        raise PlaybookError(f"ansible-runner: {(done.stderr or done.stdout).strip()[-500:]}")
    return ran


def _read(lines: Iterable[str]) -> Ran:
    """ansible-runner's events, a JSON object on a line; before the play begins Ansible's own lines stand between."""
    results: list[tuple[str, Json]] = []
    failure: str | None = None
    said: list[str] = []
    for line in lines:
        name, data, text = _event(line)
        said.append(_COLOURS.sub("", text))
        result = data.get("res") or {}
        if name == "runner_on_ok":
            results.append((str(data.get("resolved_action") or data.get("task_action")), result))
        elif name in ("runner_on_failed", "runner_on_unreachable") and failure is None:
            failure = str(result.get("msg") or "a task failed")
    return Ran(tuple(results), failure, "\n".join(filter(None, said)))


def _event(line: str) -> tuple[str, Json, str]:
    try:
        event = json.loads(line)
        return str(event["event"]), event.get("event_data") or {}, event.get("stdout") or ""
    except (ValueError, KeyError, TypeError):
        return "", {}, line
