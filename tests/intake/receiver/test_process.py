"""`fannel receive` as a process: how it starts, ends, is killed, and whom it becomes."""

from __future__ import annotations

import os
import pwd
import random
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from receiving import Sender, inform, payloads, start_process, trap, until

from fannel.lab.stage import free_udp_port
from fannel.wire.snmp import inform_response

READY_S = 90
ENVIRON = {"FANNEL_HEALTH__CANARY_EVERY_S": "0"}


@pytest.fixture
def port():
    return free_udp_port()


@pytest.fixture
def started(tmp_path, port):
    """Starts receivers that do not outlive the test, and waits until they answer."""
    running = []

    def start(*options, ready=True, **popen):
        process = start_process(tmp_path, port, *options, environ=ENVIRON, **popen)
        running.append(process)
        if ready:
            until(lambda: answers(port) or process.poll() is not None, READY_S)
            assert process.poll() is None, log(tmp_path)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


def answers(port):
    sender = Sender("127.0.0.1", port)
    try:
        sender.send(inform(999_999))
        return sender.answer(timeout_s=0.5) is not None
    except ConnectionRefusedError:
        return False


def log(folder):
    return (folder / "receiver.log").read_text()


def free_tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_when_all_that_arrived_is_kept_and_answered(tmp_path, port, started, number):
    process = started()
    sender = Sender("127.0.0.1", port)
    sender.send(*(trap(n) for n in range(2000)), inform(1))
    process.send_signal(number)
    assert process.wait(60) == 0
    assert sender.answer() == inform_response(inform(1))
    kept = payloads(tmp_path)
    assert [payload for payload in kept if payload != inform(999_999)] == [*(trap(n) for n in range(2000)), inform(1)]
    assert "Traceback" not in log(tmp_path)


def test_killed_at_any_moment_it_has_every_inform_it_answered(tmp_path, port, started):
    dice = random.Random(3)
    acknowledged, n = [], 0
    for _ in range(5):
        process = started()
        sender = Sender("127.0.0.1", port)
        end = time.monotonic() + dice.uniform(0.1, 0.6)
        while time.monotonic() < end:
            sender.send(inform(n), trap(n))
            if sender.answer() == inform_response(inform(n)):
                acknowledged.append(inform(n))
            n += 1
        sender.send(*(inform(n + i) for i in range(200)))
        process.kill()
        process.wait()
        while (answer := sender.answer(timeout_s=0.2)) is not None:
            acknowledged += [inform(n + i) for i in range(200) if answer == inform_response(inform(n + i))]
        n += 200
    assert len(acknowledged) > 20
    assert set(acknowledged) <= set(payloads(tmp_path))


def test_an_inform_is_answered_only_when_the_disk_has_it(tmp_path, port, started):
    """Seen from outside: between what reads the inform and what answers it, the kernel is asked to sync."""
    process = started()
    tracer = (
        subprocess.Popen(
            [
                "strace",
                "-f",
                "-e",
                "trace=recvmmsg,fdatasync,fsync,sendto",
                "-o",
                tmp_path / "calls",
                "-p",
                str(process.pid),
            ],
            stderr=subprocess.PIPE,
        )
        if Path("/usr/bin/strace").exists()
        else pytest.skip("needs strace")
    )
    tracer.stderr.readline()
    sender = Sender("127.0.0.1", port)
    sender.send(inform(1))
    assert sender.answer() == inform_response(inform(1))
    tracer.terminate()
    tracer.wait()
    if tracer.returncode == 1:
        pytest.skip("this machine does not let a process be traced")
    calls = [line.split("(")[0].split()[-1] for line in (tmp_path / "calls").read_text().splitlines() if "(" in line]
    assert "fdatasync" in calls[: calls.index("sendto")]


def test_it_ends_when_its_parent_does_however_that_died(tmp_path, port, started):
    process = started("--with-parent", stdin=subprocess.PIPE)
    process.stdin.close()  # what the kernel does for a parent that was killed
    assert process.wait(60) == 0


def test_without_a_parent_the_end_of_input_means_nothing(port, started):
    process = started(stdin=subprocess.DEVNULL)
    time.sleep(0.5)
    assert process.poll() is None
    assert answers(port)


def test_it_says_how_it_is_and_opens_the_check_port(port, started):
    http, check = free_tcp_port(), free_tcp_port()
    started("--http", f"127.0.0.1:{http}", "--check", f"127.0.0.1:{check}")

    def page(name):
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/{name}", timeout=5) as answer:
            return answer.read().decode()

    assert f"socket udp 127.0.0.1:{port}" in page("readyz")
    assert "append thread" in page("livez")
    assert "fannel_datagrams_received_total" in page("metrics")
    assert 'fannel_datagrams_lost_total{reason="kernel"} 0.0' in page("metrics")
    assert "fannel_spool_depth" in page("metrics")
    until(lambda: socket.create_connection(("127.0.0.1", check), 5).close() is None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--trap", "192.0.2.77:10162"], "UDP 192.0.2.77:10162: Cannot assign requested address: this machine has no"),
        (["--spool", "/dev/null/spool"], "/dev/null/spool: cannot be used (Not a directory)"),
        (["--user", "no-such-user"], "receiver.user = no-such-user: no such user"),
        (["--trap", "localhost"], "an address is written ADDRESS:PORT"),
    ],
)
def test_what_is_configured_wrongly_is_one_readable_line(tmp_path, port, started, options, words):
    process = started(*options, ready=False)
    assert process.wait(60) == 2
    assert words in " ".join(log(tmp_path).replace("│", " ").split())
    assert "Traceback" not in log(tmp_path)


def test_a_second_receiver_of_a_port_says_who_has_it_taken(tmp_path, port, started):
    started()
    second = start_process(tmp_path, port)
    assert second.wait(60) == 2
    assert f"UDP 127.0.0.1:{port}: Address already in use: another process has this port" in log(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
class TestAsRoot:
    @pytest.fixture
    def nobody(self, tmp_path):
        user = pwd.getpwnam("nobody")
        # Whoever it becomes needs a way to its files: pytest's folder is for its own user alone.
        for folder in tmp_path.parents:
            if folder.stat().st_uid == 0 and folder.name.startswith(("pytest-", "popen-")):
                folder.chmod(0o755)
        tmp_path.chmod(0o755)
        (tmp_path / "spool").mkdir()
        os.chown(tmp_path / "spool", user.pw_uid, user.pw_gid)
        return user

    def test_it_becomes_the_user_for_good_and_receives(self, tmp_path, port, started, nobody):
        process = started("--user", "nobody")
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
        assert set(status["Uid"].split()) == {str(nobody.pw_uid)}
        assert set(status["Gid"].split()) == {str(nobody.pw_gid)}
        assert "0" not in status["Groups"].split()
        assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 0
        assert (tmp_path / "spool" / "spool.sqlite").stat().st_uid == nobody.pw_uid
        assert "as root" not in log(tmp_path)

    def test_it_has_a_port_below_1024_all_the_same(self, tmp_path, started, nobody):
        process = start_process(tmp_path, 162, "--user", "nobody", host="127.0.0.99", environ=ENVIRON)
        until(lambda: (tmp_path / "spool" / "spool.sqlite").exists() or process.poll() is not None, READY_S)
        sender = Sender("127.0.0.99", 162)
        sender.send(inform(1))
        assert sender.answer() == inform_response(inform(1))
        process.terminate()
        assert process.wait(60) == 0

    def test_a_user_that_may_not_write_the_spool_ends_it_with_the_remedy(self, tmp_path, port, started, nobody):
        os.chown(tmp_path / "spool", 0, 0)
        process = started("--user", "nobody", ready=False)
        assert process.wait(60) == 2
        assert "give this user the directory to write" in log(tmp_path)

    def test_root_that_stays_root_is_told_once(self, tmp_path, started):
        started()
        assert log(tmp_path).count("receiving as root") == 1

    def test_a_user_who_could_come_back_is_refused(self):
        """With CAP_SETUID kept, as a service manager can give it."""
        code = (
            "import ctypes; ctypes.CDLL(None).prctl(28, 4, 0, 0, 0)\n"  # PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP
            "from fannel.intake.receiver.privileges import PrivilegeError, become\n"
            "try: become('nobody')\n"
            "except PrivilegeError as error: print(error)\n"
        )
        python = Path(os.sys.executable)
        said = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False).stdout
        assert "could become root again" in said
