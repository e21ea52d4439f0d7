"""The doctor's look at what the receiver needs beside its trap port: a spool, a buffer, ports to say how it is."""

from __future__ import annotations

import os
import socket

import pytest

from fannel.config import Health, Spool
from fannel.ops.doctor.finding import ok
from fannel.ops.doctor.health_addresses import health_addresses
from fannel.ops.doctor.spool import spool

MIB = 2**20


class TestTheSpool:
    def spool(self, directory, free=10 * MIB, octets=MIB):
        return spool(Spool(directory=directory, octets=octets), free)

    def test_one_that_is_there(self, tmp_path):
        assert self.spool(tmp_path) == ok("spool", f"{tmp_path} is writable; 10 MiB free, 1 MiB may be used")

    def test_one_that_is_not_there_yet_is_not_made(self, tmp_path):
        found = self.spool(tmp_path / "var" / "spool")
        assert (found.status, "will be made" in found.finding) == ("ok", True)
        assert list(tmp_path.iterdir()) == []

    def test_when_the_disk_is_smaller_than_it_may_grow_it_is_a_warning(self, tmp_path):
        found = self.spool(tmp_path, free=2 * MIB, octets=3 * MIB)
        assert found.status == "warning"
        assert "may take 3 MiB, its disk has 2 MiB left" in found.finding

    def test_what_it_takes_already_counts(self, tmp_path):
        (tmp_path / "spool.sqlite").write_bytes(bytes(2 * MIB))
        assert self.spool(tmp_path, free=2 * MIB, octets=3 * MIB).status == "ok"

    def test_a_file_in_its_place_is_wrong(self, tmp_path):
        (tmp_path / "spool").write_text("")
        found = self.spool(tmp_path / "spool")
        assert (found.status, found.finding) == ("wrong", f"{tmp_path}/spool is no directory")

    @pytest.mark.parametrize("where", ["", "spool.sqlite"])
    def test_what_cannot_be_written_is_named(self, tmp_path, monkeypatch, where):
        (tmp_path / "spool.sqlite").write_bytes(b"")
        locked = tmp_path / where if where else tmp_path
        # root may write everything, so that a mode would not tell.
        monkeypatch.setattr(os, "access", lambda path, _mode: path != locked)
        found = self.spool(tmp_path)
        assert (found.status, found.finding) == ("wrong", f"{locked} cannot be written")
        assert "spool.directory" in found.remedy

    def test_the_free_space_is_asked_of_the_disk(self, tmp_path):
        assert "MiB free" in spool(Spool(directory=tmp_path, octets=MIB)).finding


class TestHealthAddresses:
    @pytest.fixture
    def held(self):
        """A TCP port of this process."""
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen()
            yield sock.getsockname()[1]

    @pytest.fixture
    def free(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            return sock.getsockname()[1]

    def test_none_is_as_it_should_be_and_said(self):
        found = health_addresses(Health())
        assert (found.status, "health.receiver" in found.finding) == ("ok", True)

    def test_a_free_one(self, free):
        found = health_addresses(Health(receiver=f"127.0.0.1:{free}"))
        assert found == ok("health addresses", f"TCP 127.0.0.1:{free} (health.receiver) is free")

    def test_another_process_that_holds_one_is_named_with_the_setting(self, held, free):
        found = health_addresses(Health(receiver=f"127.0.0.1:{free}", check=f"127.0.0.1:{held}"))
        assert found.status == "wrong"
        assert found.finding.startswith(f"TCP 127.0.0.1:{held} (health.check): Address already in use by ")
        assert f"(pid {os.getpid()})" in found.finding
        assert "set health.check" in found.remedy

    @pytest.mark.parametrize(
        ("cmdline", "status"),
        [
            ("/venv/bin/python3\0/venv/bin/fannel\0receive\0", "ok"),
            ("/usr/sbin/nginx\0", "wrong"),
            (None, "warning"),
        ],
    )
    def test_who_holds_it_makes_the_difference(self, held, tmp_path, cmdline, status):
        (tmp_path / "net").mkdir()
        row = f"  12: 0100007F:{held:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 1000 0 99887 1 0 0\n"
        (tmp_path / "net" / "tcp").write_text("  sl  local_address rem_address\n" + row)
        if cmdline is not None:
            (tmp_path / "4711" / "fd").mkdir(parents=True)
            (tmp_path / "4711" / "cmdline").write_text(cmdline)
            (tmp_path / "4711" / "fd" / "7").symlink_to("socket:[99887]")
        assert health_addresses(Health(source=f"127.0.0.1:{held}"), tmp_path).status == status

    @pytest.mark.parametrize("hosts", [("127.0.0.1", "127.0.0.1"), ("", "127.0.0.1"), ("[::]", "0.0.0.0")])
    def test_two_that_want_the_same_port_are_wrong(self, free, hosts):
        found = health_addresses(Health(receiver=f"{hosts[0]}:{free}", source=f"{hosts[1]}:{free}"))
        assert (found.status, found.finding) == ("wrong", "health.receiver and health.source want the same port")

    def test_two_on_addresses_of_their_own_may_share_a_number(self, free):
        assert health_addresses(Health(receiver=f"127.0.0.1:{free}", source=f"127.0.0.2:{free}")).status == "ok"

    def test_an_address_this_machine_does_not_have(self):
        assert health_addresses(Health(source="192.0.2.1:8080")).status == "wrong"
