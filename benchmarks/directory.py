"""What the directory costs: lookups and memory, a playbook's inventory, a whole list, and how soon a change is known.

pagoda is the stand-in with made-up devices, in a process of its own. Each figure has what it has to be beside it, and
what it is compared with was measured in the same run.

    python benchmarks/directory.py [--devices 10000] [--runs 5] [--only lookup memory run load change] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import http.client
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fannel import logs
from fannel.directory.client import PAGE, PagodaClient
from fannel.directory.directory import Directory
from fannel.directory.host_directory import HostDirectory
from fannel.directory.reader import Reader
from fannel.directory.webhook import HEADER, Webhook
from fannel.lab.bench.figure import Figure, table
from fannel.lab.pagoda import LAB_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = ("lookup", "memory", "run", "load", "change")
INTERFACES = 4
ONE = "rt00042.example.net"
# The real pagoda's time for a page of 1,000 devices with eight attributes (lite mode, 10,500 devices).
RECORDED_PAGE_S = 0.433
POLL_S = 20.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    logs.configure()
    if options.child:
        print(grown_octets(options.child))
        return 0
    measures: dict[str, Callable[[str, int], list[Figure]]] = {
        "lookup": lookup, "memory": memory, "run": run, "load": load, "change": change,
    }  # fmt: skip
    with pagoda(options.devices) as url:
        figures = [figure for row in options.only for figure in measures[row](url, options.runs)]
    if options.json:
        print(json.dumps({"devices": options.devices, "figures": [figure.to_json() for figure in figures]}))
    else:
        print(table(figures))
    return 1 if any(figure.verdict == "missed" for figure in figures) else 0


@contextlib.contextmanager
def pagoda(devices: int) -> Iterator[str]:
    """The stand-in in a process of its own; its URL."""
    command = [program("fannel"), "lab", "pagoda", "--port", "0", "--devices", str(devices)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stand_in:
        try:
            said = dict(word.split("=", 1) for word in stand_in.stdout.readline().split())
            yield said["PAGODA_URL"]
        finally:
            stand_in.terminate()


def lookup(url: str, runs: int) -> list[Figure]:
    """One address after the other out of all there are, as events ask for them; beside it, the bare dictionary."""
    client = PagodaClient(url, LAB_TOKEN)
    hosts = HostDirectory(client)
    hosts.refresh()
    addresses = [address for device in hosts.directory.devices for address in device.addresses]
    asked = random.Random(1).choices(addresses, k=50_000)
    plain = dict.fromkeys(addresses)
    took = statistics.median(median_us(lambda a: hosts.find((a,)), asked) for _ in range(runs))
    floor = statistics.median(median_us(plain.get, asked) for _ in range(runs))
    client.close()
    beside = f"dict.get {floor:.2f} µs"
    return [Figure("lookup", f"an address among {len(addresses)}, median", took, " µs", below=5, beside=beside)]


def median_us(call: Callable[[str], object], texts: list[str]) -> float:
    clock, took = time.perf_counter_ns, []
    for text in texts:
        before = clock()
        call(text)
        took.append(clock() - before)
    return statistics.median(took) / 1000


def memory(url: str, _: int) -> list[Figure]:
    """What a fresh process grows by when it loads everything."""
    done = subprocess.run([sys.executable, __file__, "--child", url], check=True, capture_output=True, text=True)
    grown = int(done.stdout) / 2**20
    what = f"the directory, {INTERFACES} interfaces a device, in memory"
    return [Figure("memory", what, grown, " MB", below=100, beside="resident set of a fresh process")]


def grown_octets(url: str) -> int:
    client = PagodaClient(url, LAB_TOKEN)
    client.model("Site")  # TLS, JSON and the like are there before
    before = resident_octets()
    hosts = HostDirectory(client)
    hosts.refresh()
    client.close()
    gc.collect()
    return resident_octets() - before


def resident_octets() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def run(url: str, runs: int) -> list[Figure]:
    """ansible-playbook with one debug task and --limit of one host, from pagoda and from a file of one host in turn."""
    with tempfile.TemporaryDirectory(prefix="fannel-bench-") as made:
        folder = Path(made)
        (folder / "say.yml").write_text(
            "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: hello}\n"
        )
        (folder / "pagoda.yml").write_text("plugin: fannel.network.pagoda\n")
        (folder / "all.yml").write_text("plugin: fannel.network.pagoda\nlimit_aware: false\n")
        (folder / "one.yml").write_text(
            f"all:\n  hosts:\n    {ONE}:\n      ansible_host: 198.18.0.126\n      ansible_network_os: cisco.ios.ios\n"
            "      ansible_connection: ansible.netcommon.network_cli\n"
        )
        for inventory in ("one.yml", "pagoda.yml"):
            play(folder, inventory, url)
        pairs = [(play(folder, "one.yml", url), play(folder, "pagoda.yml", url)) for _ in range(runs)]
        naive, _ = play(folder, "all.yml", url)
    wall, cpu = (
        [statistics.median(one[which] for one in side) for side in zip(*pairs, strict=True)] for which in (0, 1)
    )
    beside = (
        f"{wall[1]:.2f} s / {wall[0]:.2f} s, CPU {cpu[1]:.2f} s / {cpu[0]:.2f} s; all hosts {naive / wall[0]:.1f} ×"
    )
    return [Figure("run", "playbook, --limit of one host, to one static host", wall[1] / wall[0], " ×", below=1.2501,
                   beside=beside)]  # fmt: skip


def play(folder: Path, inventory: str, url: str) -> tuple[float, float]:
    """Wall and CPU seconds of one ansible-playbook."""
    env = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8",
        "PAGODA_URL": url, "PAGODA_TOKEN": LAB_TOKEN,
    }  # fmt: skip
    began, cpu = time.perf_counter(), children_cpu_s()
    done = subprocess.run(
        [program("ansible-playbook"), "-i", inventory, "--limit", ONE, "say.yml"],
        env=env, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or "hello" not in done.stdout:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - began, children_cpu_s() - cpu


def load(url: str, runs: int) -> list[Figure]:
    """The whole list read, understood and indexed. What is ours is CPU time: the rest is waiting for pagoda."""
    ours, walls = [], []
    client = PagodaClient(url, LAB_TOKEN)
    reader = Reader(client)
    reader.models()
    for _ in range(runs):
        began, cpu = time.perf_counter(), time.process_time()
        devices = Directory(reader.devices())
        ours.append(time.process_time() - cpu)
        walls.append(time.perf_counter() - began)
    client.close()
    own, wall = statistics.median(ours), statistics.median(walls)
    theirs = RECORDED_PAGE_S * -(-len(devices) // PAGE)
    beside = (
        f"{own:.2f} s of ours to {theirs:.2f} s (recorded, {RECORDED_PAGE_S} s a page); the stand-in took {wall:.1f} s"
    )
    return [
        Figure("load", "a whole list: our work to pagoda's own time", 100 * own / theirs, " %", below=20, beside=beside)
    ]


def change(url: str, runs: int) -> list[Figure]:
    """From pagoda's answer to a change until an event of that device would carry it."""
    return [
        Figure("change", "known by webhook, worst", max(changes(url, runs, webhook=True)), " s", below=5),
        Figure("change", f"known by polling every {POLL_S:.0f} s, worst", max(changes(url, 3, webhook=False)), " s",
               below=60),
    ]  # fmt: skip


def changes(url: str, count: int, *, webhook: bool) -> list[float]:
    client = PagodaClient(url, LAB_TOKEN)
    hosts = HostDirectory(client, poll_s=POLL_S)
    hook = Webhook("127.0.0.1", 0, "bench", hosts.hint)
    port = hook.start()
    model = client.model("NetworkDevice")
    target = {"url": f"http://127.0.0.1:{port}/", "headers": [{"header_key": HEADER, "header_value": "bench"}]}
    write(url, "PUT", f"/entity/api/v2/{model.id}/", {"webhooks": [target] if webhook else []})
    hosts.start()
    try:
        while not hosts.directory.interface_count:
            time.sleep(0.1)
        numbers = range(count) if webhook else range(count, 2 * count)
        return [one_change(url, hosts, model.attribute("management_ip").id, n) for n in numbers]
    finally:
        write(url, "PUT", f"/entity/api/v2/{model.id}/", {"webhooks": []})
        hosts.stop()
        hook.stop()
        client.close()


def one_change(url: str, hosts: HostDirectory, attribute: int, number: int) -> float:
    time.sleep(random.Random(number).uniform(1, 3))
    device = hosts.known((ONE,)).device
    moved = f"203.0.113.{os.getpid() % 25 * 10 + number}"
    write(url, "PUT", f"/entry/api/v2/{device.pagoda_id}/", {"attrs": [{"id": attribute, "value": moved}]})
    began = time.perf_counter()
    while hosts.known((moved,)).device is None:
        if time.perf_counter() - began > 120:
            raise SystemExit("the change is not known after two minutes")
        time.sleep(0.01)
    return time.perf_counter() - began


def write(url: str, method: str, path: str, body: object) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    headers = {"Authorization": f"Token {LAB_TOKEN}", "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status >= 300:
        raise SystemExit(f"{path} answered {answer.status}: {said[:200]!r}")


def children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def program(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / name)


if __name__ == "__main__":
    sys.exit(main())
