"""How long people wait, and what one incident costs: trap on the wire → first post → verdict, and CPU-seconds.

Runs the real ansible-rulebook on the stand-ins, one incident after the other, beside the floor: `ansible-playbook`
with one debug task on the same inventory. CPU-seconds are those of ansible-rulebook and everything it started (the
device stand-ins are not in them); what the process costs without incidents is measured first and taken off.

    python benchmarks/incident.py [--incidents 10] [--json]
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

import yaml

from fannel.cli.demo import fannel_on
from fannel.lab.devices.plant import read_network
from fannel.lab.slack.server import SlackStandIn
from fannel.lab.stage import CHANNEL, Stage

HOST = "rt-tyo-01.example.net"
PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--incidents", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    # Orphans (Ansible's connection process is one) come to us, so that their CPU time is counted when they end.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="fannel-bench-") as folder:
        floor = measure_floor(Path(folder), options.incidents)
        _, idle_cpu = run_incidents(Path(folder), 0)
        times, cpu = run_incidents(Path(folder), options.incidents)
    result = {
        "incidents": options.incidents,
        "floor_wall_s": floor[0],
        "floor_cpu_s": floor[1],
        "first_post_s": statistics.median(first for first, _ in times),
        "verdict_s": statistics.median(verdict for _, verdict in times),
        "cpu_per_incident_s": (cpu - idle_cpu) / options.incidents,
    }
    if options.json:
        print(json.dumps(result))
        return
    print(f"median of {options.incidents}                                  wall        CPU")
    print(f"ansible-playbook, one debug task (floor)    {floor[0]:6.2f} s   {floor[1]:6.2f} s")
    print(f"trap on the wire → first Slack post         {result['first_post_s']:6.2f} s")
    print(f"trap on the wire → verdict in the thread    {result['verdict_s']:6.2f} s")
    print(f"whole incident (respond.yml)                            {result['cpu_per_incident_s']:6.2f} s")


def measure_floor(folder: Path, runs: int) -> tuple[float, float]:
    """Median wall seconds and CPU-seconds of a bare playbook on one host of a static inventory."""
    playbook = folder / "floor.yml"
    playbook.write_text("- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: x}\n")
    program = str(Path(sysconfig.get_path("scripts")) / "ansible-playbook")
    walls = []
    before = children_cpu_s()
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([program, "-i", "one,", "-c", "local", str(playbook)], check=True, capture_output=True)
        walls.append(time.perf_counter() - began)
    return statistics.median(walls), (children_cpu_s() - before) / runs


def run_incidents(folder: Path, count: int) -> tuple[list[tuple[float, float]], float]:
    """(first post, verdict) seconds of each incident, and the CPU-seconds of everything that ran."""
    network = read_network()
    ports = {f"GigabitEthernet9/{n}": {"if_index": 900 + n, "description": f"port {n}"} for n in range(count)}
    network["devices"][HOST]["interfaces"] |= ports
    file = folder / f"network-{count}.yml"
    file.write_text(yaml.safe_dump(network))
    workplace = folder / f"run-{count}"
    workplace.mkdir()
    before = children_cpu_s()
    with Stage(workplace, network=file, slack=SlackStandIn(rate_limits=False)) as stage:
        with fannel_on(stage, os.environ, workplace) as fannel:
            if not fannel.wait_for("pagoda_loaded", 120):
                raise SystemExit(fannel.output)
            times = [one_incident(stage, port) for port in ports]
            time.sleep(3)  # the last playbook ends
        reap()
    return times, children_cpu_s() - before


def one_incident(stage: Stage, interface: str) -> tuple[float, float]:
    """Pull one cable; when the first post was there and when the verdict was."""
    shown = interface.replace("GigabitEthernet", "Gi")
    sent = time.perf_counter()
    stage.act(HOST, "cut", interface)
    first = None
    while time.perf_counter() - sent < 60:
        texts = [m["text"] for m in list(stage.slack.workspace.messages[CHANNEL].values()) if f" {shown} " in m["text"]]
        if texts and first is None:
            first = time.perf_counter() - sent
        if first is not None and len(texts) > 1:
            return first, time.perf_counter() - sent
        time.sleep(0.005)
    raise SystemExit(f"no verdict for {interface} within 60 s")


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
