"""`fannel decode`: hex, captures and log lines in; one event as JSON per line out, in order, whatever is in between."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.cli.understand import UnreadableError, from_capture
from fannel.event import schema
from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

CORPUS = Path(__file__).parents[1] / "corpus"
CAPTURE = CORPUS / "captures" / "link_cut_and_restore.pcap"
VALID = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())

LINK_DOWN = encode_trap("1.3.6.1.6.3.1.1.5.3", community=b"s3cret", uptime_ticks=12345)
GET = bytes.fromhex("302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500")
V3 = bytes.fromhex("300c020103300702010102020fff0403040000")


def run(*options: str, stdin: str | bytes = b"") -> list[dict]:
    """The JSON lines of a run that succeeds; every event among them is valid."""
    ended = CliRunner().invoke(app, ["decode", *options], input=stdin)
    assert (ended.exit_code, ended.stderr) == (0, "")
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    for line in lines:
        if line.keys() != {"error", "offset"}:
            VALID.validate(line)
    return lines


def fail(*options: str) -> tuple[list[dict], str]:
    ended = CliRunner().invoke(app, ["decode", *options])
    assert ended.exit_code == 2
    (line,) = ended.stderr.splitlines()
    return [json.loads(line) for line in ended.stdout.splitlines()], line


def trap(text: str) -> str:
    varbind = WireVarBind("1.3.6.1.2.1.2.2.1.2.3", ValueType.OCTET_STRING, text.encode())
    return encode_trap("1.3.6.1.6.3.1.1.5.3", [varbind], community=b"public").hex()


class TestHex:
    @pytest.mark.parametrize("file", sorted(CORPUS.glob("*/*/*/trap.hex")), ids=lambda f: "/".join(f.parts[-4:-1]))
    def test_every_trap_of_the_corpus_is_a_valid_event(self, file):
        want = json.loads((file.parent / "event.json").read_text())
        (event,) = run("--os", file.parts[-4], "--hex", file.read_text())
        assert {key: event[key] for key in ("kind", "problem", "phase", "severity")} == {
            key: want[key] for key in ("kind", "problem", "phase", "severity")
        }
        assert event["subject"].items() >= want["subject"].items()
        assert event["trap"]["name"] == want["notification"]

    @pytest.mark.parametrize(
        "text",
        [
            LINK_DOWN.hex(),
            LINK_DOWN.hex().upper(),
            "0x" + LINK_DOWN.hex(),
            LINK_DOWN.hex(" "),
            LINK_DOWN.hex(":"),
            " ".join(f"0x{octet:02X}" for octet in LINK_DOWN),
            f"\n  {LINK_DOWN.hex(' ', 2)}\t\n",
        ],
    )
    def test_it_may_be_written_in_any_usual_way(self, text):
        (event,) = run("--hex", text)
        assert event["trap"] == {
            "version": "2c",
            "type": "trap",
            "name": "IF-MIB::linkDown",
            "oid": "1.3.6.1.6.3.1.1.5.3",
            "uptime_s": 123.45,
            "varbinds": {},
        }

    def test_nobody_knows_who_sent_it(self):
        (event,) = run("--hex", LINK_DOWN.hex())
        assert event["host"] == {"name": "0.0.0.0", "known": False, "stale_s": 0}
        assert event["source"]["address"] == "0.0.0.0"

    def test_the_community_is_not_shown(self):
        assert "s3cret" not in json.dumps(run("--hex", LINK_DOWN.hex()))

    @pytest.mark.parametrize(
        ("text", "error", "offset"),
        [
            ("3082", "", 1),
            ("", "", 0),
            (GET.hex(), "GetRequest is neither a trap nor an inform", 13),
            (V3.hex(), "SNMPv3 needs the keys of its user", 4),
            ("30zz", "not hexadecimal: 'z'", None),
            ("308", "3 hexadecimal digits do not make whole octets", None),
            ("00" * 65_536, "longer than a UDP datagram can be", None),
            ("300x", "not hexadecimal: 'x'", None),
        ],
    )
    def test_what_cannot_be_decoded_says_why_and_where(self, text, error, offset):
        (line,) = run("--hex", text)
        assert line["error"]
        assert error in line["error"]
        assert line["offset"] == offset


class TestStandardInput:
    def test_one_datagram_per_line_without_options(self):
        lines = run(stdin=f"{LINK_DOWN.hex()}\n\n  \nxx\n{LINK_DOWN.hex(':')}")
        assert [line.get("kind", "error") for line in lines] == ["interface_down", "error", "interface_down"]

    def test_nothing_gives_nothing(self):
        assert run(stdin="") == []

    def test_a_line_of_any_length_and_any_octets_is_one_error(self):
        lines = run(stdin=b"00" * 2**20 + b"\n\xff\xfe\n" + LINK_DOWN.hex().encode())
        assert [line.get("kind") for line in lines] == [None, None, "interface_down"]


class TestCaptures:
    def test_every_trap_of_a_real_capture_with_its_sender_and_time(self):
        events = run("--pcap", str(CAPTURE))
        assert len(events) == 32
        assert {event["source"]["address"] for event in events} == {"198.18.0.11", "198.18.0.12"}
        assert all(event["host"]["name"] == event["source"]["address"] for event in events)
        times = [datetime.fromisoformat(event["received_at"]) for event in events]
        assert times == sorted(times)
        assert times[0].isoformat() == "2026-11-22T19:37:37.186768+00:00"

    def test_traps_to_162_and_to_fannels_own_port_are_shown_in_the_captures_order(self, tmp_path):
        file = capture(tmp_path, (10162, b"a"), (514, b"b"), (162, b"c"))
        assert len(run("--pcap", str(file))) == 2
        assert len(run("--pcap", str(file), "--port", "514")) == 1
        assert len(run("--pcap", str(file), "--port", "514", "--port", "162")) == 2

    def test_a_datagram_that_is_no_trap_is_an_error_in_its_place(self, tmp_path):
        file = capture(tmp_path, (162, LINK_DOWN), (162, b"\x30"), (162, LINK_DOWN))
        assert [line.get("kind", "error") for line in run("--pcap", str(file))] == [
            "interface_down",
            "error",
            "interface_down",
        ]

    def test_a_truncated_packet_is_an_error_without_offset(self, tmp_path):
        file = tmp_path / "cut.pcap"
        whole = capture(tmp_path, (162, LINK_DOWN)).read_bytes()
        held = len(whole) - 24 - 16 - 10
        file.write_bytes(whole[:24] + whole[24:32] + struct.pack("<I", held) + whole[36:-10])
        (line,) = run("--pcap", str(file))
        assert "octets are in the capture" in line["error"]
        assert line["offset"] is None

    def test_standard_input_may_be_a_capture(self):
        assert len(run("--pcap", "-", stdin=CAPTURE.read_bytes())) == 32

    def test_packets_are_read_as_they_come(self, tmp_path):
        """A capture may be larger than memory, or still be written: the first event does not wait for the rest."""
        whole = capture(tmp_path, (162, LINK_DOWN)).read_bytes()
        fifo = tmp_path / "live.pcap"
        os.mkfifo(fifo)
        seen = threading.Event()

        def write() -> None:
            with fifo.open("wb", buffering=0) as file:
                file.write(whole)
                assert seen.wait(timeout=30)
                file.write(whole[24:])

        writer = threading.Thread(target=write)
        writer.start()
        events = from_capture(fifo, (162,))
        assert next(events)["kind"] == "interface_down"
        seen.set()
        assert len(list(events)) == 1
        writer.join()

    @pytest.mark.parametrize(
        ("content", "words"), [(b"", "ends inside"), (b"no capture at all", "neither pcap nor pcapng")]
    )
    def test_a_file_that_is_no_capture_ends_with_one_line_and_status_2(self, tmp_path, content, words):
        file = tmp_path / "x.pcap"
        file.write_bytes(content)
        shown, line = fail("--pcap", str(file))
        assert shown == []
        assert line.startswith(f"fannel: {file}: ")
        assert words in line

    def test_a_missing_file_ends_with_one_line_and_status_2(self, tmp_path):
        assert fail("--pcap", str(tmp_path / "none")) == (
            [],
            f"fannel: {tmp_path}/none: No such file or directory",
        )

    def test_a_folder_is_no_file(self, tmp_path):
        with pytest.raises(UnreadableError, match="Is a directory"):
            next(from_capture(tmp_path, (162,)))

    def test_what_comes_before_the_damage_is_shown(self, tmp_path):
        file = tmp_path / "broken.pcap"
        file.write_bytes(capture(tmp_path, (162, LINK_DOWN), (162, LINK_DOWN)).read_bytes()[:-1])
        shown, line = fail("--pcap", str(file))
        assert [event["kind"] for event in shown] == ["interface_down"]
        assert "ends inside" in line


class TestSyslog:
    @pytest.mark.parametrize("file", sorted(CORPUS.glob("syslog/*/*.txt")), ids=lambda file: "/".join(file.parts[-2:]))
    def test_every_line_of_the_corpus_is_a_valid_event(self, file):
        (event,) = run("--syslog", file.read_bytes().decode("utf-8", "surrogateescape"))
        assert event["via"] == "syslog"

    def test_it_says_what_the_line_says(self):
        (event,) = run("--syslog", "<187>521: r1: Nov 14 2026 08:30:56.699 UTC: %LINK-3-UPDOWN: Gi1 is down")
        assert event["host"] == {"name": "r1", "known": False, "stale_s": 0}
        assert event["source"]["address"] == "0.0.0.0"
        assert event["source"]["agent_address"] is None
        assert event["severity"] == "minor"
        assert event["syslog"].pop("skew_s") == pytest.approx(
            (datetime.now(UTC) - datetime(2026, 11, 14, 8, 30, 56, 699_000, UTC)).total_seconds(), abs=3600
        )
        assert event["syslog"] == {
            "facility": "local7",
            "severity": "err",
            "timestamp": "2026-11-14T08:30:56.699000+00:00",
            "hostname": "r1",
            "tag": "LINK-3-UPDOWN",
            "sequence": 521,
            "message": "Gi1 is down",
        }

    def test_the_os_of_the_device_can_be_told(self):
        text = "Line protocol on Interface Ethernet1, changed state to down"
        line = f"<30>Nov 14 08:30:56 r1 Ebra: %LINEPROTO-5-UPDOWN: {text}"
        (told,) = run("--syslog", line, "--os", "eos")
        assert (told["kind"], told["host"]["os"]) == ("interface_down", "eos")
        (told,) = run("--syslog", line, "--os", "ios")
        assert told["kind"] == "line_protocol_down"

    def test_a_line_without_a_name_is_of_nobody(self):
        (event,) = run("--syslog", "hello")
        assert event["host"]["name"] == "0.0.0.0"
        assert event["syslog"] == {"message": "hello"}


class TestOutput:
    def test_order_of_output_is_order_of_input(self):
        one, two = "first", "second"
        lines = run("--syslog", one, "--hex", "x", "--syslog", two, "--hex", LINK_DOWN.hex(), "--pcap", str(CAPTURE))
        shown = [line.get("syslog", {}).get("message") or line.get("kind") or "error" for line in lines[:4]]
        assert shown == [one, "error", two, "interface_down"]
        assert len(lines) == 36

    def test_it_shows_the_event_as_it_is_and_the_terminal_obeys_nothing(self):
        ended = CliRunner().invoke(app, ["decode", "--hex", trap("{{ x }}\x1b[31m\x9b\u202eインターフェース\x7f")])
        assert '"ifDescr": "{{ x }}\\u001b[31m\\u009b\\u202eインターフェース\\u007f"' in ended.stdout
        assert (
            json.loads(ended.stdout)["trap"]["varbinds"]["ifDescr"] == "{{ x }}\x1b[31m\x9b\u202eインターフェース\x7f"
        )

    def test_pretty_is_indented_and_means_the_same(self):
        ended = CliRunner().invoke(app, ["decode", "--pretty", "--hex", trap("x" * 200 + "[bold]\x1b")])
        assert ended.stdout.startswith('{\n  "schema": "fannel.event/1",\n')
        assert json.loads(ended.stdout)["trap"]["varbinds"]["ifDescr"] == "x" * 200 + "[bold]\x1b"
        assert "\x1b" not in ended.stdout


class TestTheProgram:
    """As a process: what a test runner cannot show."""

    def start(self, *options: str, cwd: Path, **how) -> subprocess.Popen:
        program = [sys.executable, "-m", "fannel", "decode", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(program, cwd=cwd, text=True, **pipes, **how)

    def test_it_reads_no_settings(self, tmp_path):
        (tmp_path / "fannel.toml").write_text("this is no TOML")
        environ = {"FANNEL_NONSENSE": "1", "FANNEL_CONFIG": "nowhere", "PYTHONIOENCODING": "ascii"}
        with self.start("--hex", trap("é"), cwd=tmp_path, env=environ) as program:
            out, err = program.communicate(timeout=60)
        assert (program.returncode, err) == (0, "")
        assert '"ifDescr": "\\u00e9"' in out, "what cannot carry é gets an escape"
        assert list(tmp_path.iterdir()) == [tmp_path / "fannel.toml"]

    def test_a_reader_who_goes_away_ends_it_without_a_word(self, tmp_path):
        file = capture(tmp_path, *[(162, LINK_DOWN)] * 2000)
        with self.start("--pcap", str(file), cwd=tmp_path) as program:
            assert '"interface_down"' in program.stdout.readline()
            program.stdout.close()
            assert program.stderr.read() == ""


def capture(folder: Path, *sent: tuple[int, bytes]) -> Path:
    """A pcap (raw IPv4) of datagrams: (port, payload)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for number, (port, payload) in enumerate(sent):
        udp = struct.pack("!HHHH", 40_000, port, 8 + len(payload), 0) + payload
        addresses = bytes((192, 0, 2, 1, 192, 0, 2, 9))
        packet = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), number % 65536, 0, 64, 17, 0) + addresses + udp
        out += struct.pack("<IIII", 1_795_000_000, number, len(packet), len(packet)) + packet
    file = folder / "made.pcap"
    file.write_bytes(out)
    return file
