"""How long people wait, and what one incident costs: trap on the wire → first post → verdict, and CPU-seconds.

Runs the real ansible-rulebook on the stand-ins, one incident after the other, beside what nobody can go below: a bare
`ansible-playbook` with one debug task, and one with one `ios_command` of as many commands as the check has, on the same
device. CPU-seconds are those of ansible-rulebook and everything it started (the device stand-ins are not in them), less
those of as long a time in which nothing happens. Then several ports of one device go down at once.

    python benchmarks/incident.py [--incidents 10] [--together 5] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import resource
import statistics
import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from fannel.cli.demo import fannel_on
from fannel.collection import root
from fannel.lab.devices.plant import read_network
from fannel.lab.slack.server import SlackStandIn
from fannel.lab.stage import CHANNEL, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "rt-tyo-01.example.net"
PORT = "GigabitEthernet0/1"
PR_SET_CHILD_SUBREAPER = 36
# For machines that do other things as well; their CPU-seconds can be compared, their waits cannot.
PATIENCE_S = 600.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--incidents", type=int, default=10)
    parser.add_argument("--together", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    # Orphans (Ansible's connection process is one) come to us, so that their CPU time is counted when they end.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # As installed: modules are compiled once, and not by every playbook.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="fannel-bench-") as folder:
        floor, bare = measure_bare(Path(folder), options.incidents)
        run_incidents(Path(folder), 1, 0)  # compiles what is not compiled yet
        times, cpu, _ = run_incidents(Path(folder), options.incidents, 0)
        _, both_cpu, logins = run_incidents(Path(folder), 0, options.together)
    result = {
        "incidents": options.incidents,
        "floor_wall_s": floor[0],
        "floor_cpu_s": floor[1],
        "ios_command_wall_s": bare[0],
        "ios_command_cpu_s": bare[1],
        "first_post_s": statistics.median(first for first, _ in times),
        "verdict_s": statistics.median(verdict for _, verdict in times),
        "cpu_per_incident_s": cpu / options.incidents,
        "together": options.together,
        "together_logins": logins,
        "together_cpu_per_incident_s": both_cpu / options.together,
    }
    if options.json:
        print(json.dumps(result))
        return
    print(f"median of {options.incidents}                                  wall        CPU")
    print(f"ansible-playbook, one debug task            {floor[0]:6.2f} s   {floor[1]:6.2f} s")
    print(f"ansible-playbook, one ios_command           {bare[0]:6.2f} s   {bare[1]:6.2f} s")
    print(f"trap on the wire → first Slack post         {result['first_post_s']:6.2f} s")
    print(f"trap on the wire → verdict in the thread    {result['verdict_s']:6.2f} s")
    print(f"whole incident (respond.yml)                            {result['cpu_per_incident_s']:6.2f} s")
    each = result["together_cpu_per_incident_s"]
    print(f"each of {options.together} ports at once, logins: {logins:<3}                {each:6.2f} s")


def measure_bare(folder: Path, runs: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Median wall seconds and CPU-seconds of a playbook with one debug task, and of one with one ios_command."""
    play = {"hosts": "all", "gather_facts": False}
    debug = play | {"tasks": [{"ansible.builtin.debug": {"msg": "x"}}]}
    commands = [f"show interfaces {PORT}", f"show interfaces {PORT} status err-disabled", "show logging"]
    look = play | {"tasks": [{"cisco.ios.ios_command": {"commands": commands}}]}
    here = folder / "bare"
    here.mkdir()
    with Stage(here) as stage:
        local = ["-i", "one,", "-c", "local"]
        floor = measure_playbook(here / "debug.yml", debug, local, os.environ, runs)
        # Its connection process would outlive it by `connect_timeout`.
        environ = os.environ | stage.environ | {"ANSIBLE_PERSISTENT_CONNECT_TIMEOUT": "3"}
        device = ["-i", str(root() / "inventory" / "lab"), "--limit", HOST]
        return floor, measure_playbook(here / "look.yml", look, device, environ, runs)


def measure_playbook(
    playbook: Path, play: dict[str, Any], options: list[str], environ: Mapping[str, str], runs: int
) -> tuple[float, float]:
    """Median wall seconds of a playbook, and its CPU-seconds with all it started."""
    playbook.write_text(yaml.safe_dump([play]))
    program = str(Path(sysconfig.get_path("scripts")) / "ansible-playbook")
    walls, cpus = [], []
    for _ in range(runs + 1):
        began, before = time.perf_counter(), children_cpu_s()
        subprocess.run([program, *options, str(playbook)], check=True, capture_output=True, env=environ)
        walls.append(time.perf_counter() - began)
        reap()
        cpus.append(children_cpu_s() - before)
    # Without the first, which compiles.
    return statistics.median(walls[1:]), statistics.median(cpus[1:])


def run_incidents(folder: Path, count: int, together: int) -> tuple[list[tuple[float, float]], float, int]:
    """(first post, verdict) seconds of each incident, the CPU-seconds that all of them cost, and the logins.

    First `count` incidents one after the other, then `together` at once.
    """
    began = time.perf_counter()
    before = children_cpu_s()
    times, logins = run_fannel(folder, count, together, 0.0)
    took_s, cpu = time.perf_counter() - began, children_cpu_s() - before
    run_fannel(folder, 0, 0, took_s)
    return times, cpu - (children_cpu_s() - before - cpu), logins


def run_fannel(folder: Path, count: int, together: int, for_s: float) -> tuple[list[tuple[float, float]], int]:
    """One ansible-rulebook, from start to end, which answers these, and runs `for_s` at least."""
    began = time.perf_counter()
    network = read_network()
    names = [f"GigabitEthernet9/{n}" for n in range(count + together)]
    ports = {name: {"if_index": 900 + n, "description": f"port {n}"} for n, name in enumerate(names)}
    network["devices"][HOST]["interfaces"] |= ports
    file = folder / f"network-{count}-{together}.yml"
    file.write_text(yaml.safe_dump(network))
    workplace = Path(tempfile.mkdtemp(dir=folder))
    with Stage(workplace, network=file, slack=SlackStandIn(rate_limits=False)) as stage:
        with fannel_on(stage, os.environ, workplace) as fannel:
            if not fannel.wait_for("pagoda_loaded", PATIENCE_S):
                raise SystemExit(fannel.output)
            times = [one_incident(stage, name) for name in names[:count]]
            for name in names[count:]:
                stage.act(HOST, "cut", name)
            for name in names[count:]:
                said(stage, name, 2)
            time.sleep(max(3.0, for_s - (time.perf_counter() - began)))  # the last playbook ends
        reap()
        logins = stage.devices.logins(HOST)
    return times, logins


def one_incident(stage: Stage, interface: str) -> tuple[float, float]:
    """Pull one cable; when the first post was there and when the verdict was."""
    sent = time.perf_counter()
    stage.act(HOST, "cut", interface)
    return said(stage, interface, 1) - sent, said(stage, interface, 2) - sent


def said(stage: Stage, interface: str, messages: int) -> float:
    """Wait for so many messages about an interface; when they were there."""
    shown = interface.replace("GigabitEthernet", "Gi")
    until = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < until:
        texts = [m["text"] for m in list(stage.slack.workspace.messages[CHANNEL].values()) if f" {shown} " in m["text"]]
        if len(texts) >= messages:
            return time.perf_counter()
        time.sleep(0.005)
    raise SystemExit(f"{interface}: fewer than {messages} messages within {PATIENCE_S:.0f} s")


def reap() -> None:
    """Wait for every process that was left to us."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def children_cpu_s() -> float:
    """CPU-seconds of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
