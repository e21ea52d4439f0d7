"""`fannel new`: what it writes is whole, what is there stays; docs/add-an-alert.md is walked in test_add_an_alert."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.event import Host, Source
from fannel.incidents.store import Store
from fannel.kinds.site import catalogues
from fannel.normalise import trap_event
from fannel.wire.encoder import encode_trap
from fannel.wire.proxy import SIGNATURE
from fannel.wire.snmp import decode

LINE = "<187>77: sw01: Nov 14 08:30:56 JST: %ACME-3-DOOR: Door D-12 of rack 7 is open"
DOWN = "<187>79: sw01: Nov 14 08:31:56 JST: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down"
SHUT = "<187>78: sw01: Nov 14 08:31:56 JST: %ACME-3-DOOR: Door D-12 of rack 7 is shut"
# PROXY protocol v2: a command over UDP and IPv4, from 192.0.2.1:162 to 192.0.2.2:162.
PROXY = SIGNATURE + bytes([0x21, 0x12, 0, 12, 192, 0, 2, 1, 192, 0, 2, 2, 0, 162, 0, 162])
TRAP = encode_trap("1.3.6.1.4.1.64512.1.0.1", (), community=b"s3cret-community", request_id=7)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FANNEL_CONFIG", "")
    monkeypatch.setenv("FANNEL_DATABASE__URL", f"sqlite:///{tmp_path}/fannel.sqlite3")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["new", *arguments])


def files(folder):
    written = [path for path in folder.rglob("*") if path.is_file() and "sqlite3" not in path.name]
    return {str(path.relative_to(folder)): path.read_text() for path in written}


def test_out_of_a_line_comes_a_kind_and_its_case(folder):
    done = run("kind", "door_open", "--syslog", LINE, "--os", "ios")
    assert done.exit_code == 0, done.output
    assert files(folder).keys() == {
        "kinds/door_open.yml",
        "tests/corpus/ios/door_open/first/syslog.txt",
        "tests/corpus/ios/door_open/first/event.json",
    }
    expected = json.loads((folder / "tests/corpus/ios/door_open/first/event.json").read_text())
    assert (expected["tag"], expected["kind"]) == ("ACME-3-DOOR", "door_open")
    assert expected["subject"] == {"type": "door", "name": "D-12"}
    assert "it is door_open (raise, major) of door D-12" in done.output
    assert f"{folder}/kinds/door_open.yml:4: TODO severity" in done.output


def test_what_ends_it_is_a_kind_of_the_same_problem(folder):
    run("kind", "door_open", "--syslog", LINE, "--os", "ios", "--name", "D-12")
    done = run("kind", "door_shut", "--syslog", SHUT, "--os", "ios", "--name", "D-12", "--clears", "door_open")
    assert done.exit_code == 0, done.output
    kinds = catalogues(folder / "kinds").kinds.compiled.kinds
    assert {(kinds[name].problem, kinds[name].phase) for name in ("door_open", "door_shut")} == {
        ("door_open", "raise"),
        ("door_open", "clear"),
    }
    both = [json.loads(path.read_text())["subject"] for path in folder.rglob("event.json")]
    assert both[0] == both[1], "one fingerprint"


def test_a_trap_of_no_mib_is_named_by_its_oid_and_shows_no_community(folder):
    done = run("kind", "thing_broken", "--hex", TRAP.hex(), "--os", "ios", "--informs", "--severity", "minor")
    assert done.exit_code == 0, done.output
    octets = bytes.fromhex((folder / "tests/corpus/ios/thing_broken/first/trap.hex").read_text())
    assert (decode(octets).community, decode(octets).trap_oid) == (b"public", "1.3.6.1.4.1.64512.1.0.1")
    assert "s3cret" not in str(files(folder)) + done.output


@pytest.mark.parametrize("header", [b"", PROXY], ids=["as it came", "behind a load balancer"])
def test_out_of_an_event_of_the_log_comes_what_the_device_sent(folder, header):
    at = datetime(2026, 11, 14, 8, 31, tzinfo=UTC)
    shipped, message = catalogues(), decode(TRAP)
    notification = shipped.names.name(message)
    found = shipped.kinds.classify(notification, "ios")
    host, source = Host("sw1.example.net", known=True, os="ios"), Source("192.0.2.1")
    event = trap_event(message, notification, found, received_at=at, source=source, host=host)
    store = Store.open(f"sqlite:///{folder}/fannel.sqlite3")
    store.record([(event, header + TRAP)])
    store.close()
    done = run("kind", "thing_broken", "--event-id", event.id.lower())
    assert done.exit_code == 0, done.output
    octets = bytes.fromhex((folder / "tests/corpus/ios/thing_broken/first/trap.hex").read_text())
    assert decode(octets).trap_oid == message.trap_oid


def test_out_of_two_outputs_comes_a_check_and_its_case(folder):
    (folder / "a.txt").write_text("Gi0/1 is down\nusername x password 7 0822455D0A16\n")
    (folder / "b.txt").write_text("no light\n")
    done = run(
        *("check", "door_open", "ios", "--type", "interface", "--subject", "Gi0/1"),
        *("--command", "show doors Gi0/1", "--output", "a.txt", "--command", "show light Gi0/1", "--output", "b.txt"),
    )
    assert done.exit_code == 0, done.output
    assert "run: show doors {interface}" in files(folder)["checks/door_open/ios.yml"]
    case = "tests/corpus/checks/door_open/ios/confirmed_first"
    assert files(folder).keys() >= {f"{case}/{name}" for name in ("1.txt", "2.txt", "subject.json", "verdict.json")}
    assert "0822455D0A16" not in files(folder)[f"{case}/1.txt"]
    assert "confirmed: GigabitEthernet0/1 is down" in done.output


def test_in_a_checkout_it_goes_where_it_is_told(folder):
    (folder / "a.txt").write_text("D-12 is open\n")
    done = run("kind", "door_open", "--syslog", LINE, "--os", "ios", "--into", "src/catalogue", "--corpus", "corpus")
    assert done.exit_code == 0, done.output
    done = run(
        *("check", "door_open", "ios", "--type", "door", "--subject", "D-12", "--command", "show doors"),
        *("--output", "a.txt", "--into", "shipped", "--corpus", "corpus"),
    )
    assert done.exit_code == 0, done.output
    assert files(folder).keys() >= {"src/catalogue/door_open.yml", "shipped/door_open/ios.yml"}
    assert {name.split("/")[0] for name in files(folder)} == {"src", "shipped", "corpus", "a.txt"}


@pytest.mark.parametrize(
    ("taken", "arguments"),
    [
        ("kinds/door_open.yml", ("kind", "door_open", "--syslog", LINE, "--os", "ios")),
        ("tests/corpus/ios/door_open/first/event.json", ("kind", "door_open", "--syslog", LINE, "--os", "ios")),
        (
            "tests/corpus/checks/x/ios/confirmed_first/1.txt",
            ("check", "x", "ios", "--type", "device", "--command", "show x", "--output", "out.txt"),
        ),
    ],
)
def test_what_is_there_stays_and_then_nothing_is_written(folder, taken, arguments):
    (folder / "out.txt").write_text("x is bad\n")
    (folder / taken).parent.mkdir(parents=True)
    (folder / taken).write_text("" if taken.endswith(("json", "txt")) else "kinds: {}\n")
    before = files(folder)
    done = run(*arguments)
    assert done.exit_code == 1, done.output
    assert f"{taken} is there already" in done.output
    assert files(folder) == before


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("kind", "door_open"), 2, "give one of --event-id, --hex and --syslog"),
        (("kind", "Door-open", "--syslog", LINE, "--os", "ios"), 2, "a word of small letters"),
        (("kind", "../door", "--syslog", LINE, "--os", "ios"), 2, "a word of small letters"),
        (("kind", "door_open", "--syslog", LINE), 2, "--os is missing"),
        (("kind", "door_open", "--syslog", LINE, "--os", "ios", "--severity", "bad"), 2, "one of critical, major"),
        (("kind", "door_open", "--syslog", LINE, "--os", "ios", "--case", "../x"), 2, "--case '../x'"),
        (("kind", "door_open", "--hex", "xyz", "--os", "ios"), 2, "not whole octets"),
        (("kind", "door_open", "--hex", "3003020101", "--os", "ios"), 1, ""),
        (("kind", "door_open", "--event-id", "01JD3X", "--os", "ios"), 1, "is not in the log"),
        (("kind", "fan_failed", "--syslog", LINE, "--os", "ios"), 1, "there is a kind fan_failed already"),
        (("kind", "odd_link", "--syslog", DOWN, "--os", "ios"), 1, "it is interface_down already"),
        (("check", "interface_down", "ios", "--command", "show x", "--output", "out.txt"), 1, "is there already"),
        (("check", "no_such", "ios", "--command", "show x", "--output", "out.txt"), 1, "no kind raises no_such"),
        (
            ("check", "fan_failed", "frr", "--output", "out.txt", "--command", "a", "--command", "b"),
            2,
            "one command for",
        ),
        (("check", "fan_failed", "frr", "--output", "empty.txt", "--command", "a"), 1, "nothing in the first output"),
        (("check", "fan_failed", "frr", "--output", "gone.txt", "--command", "a"), 2, "No such file"),
        (("case", "no_such", "ios", "--case", "x", "--output", "out.txt"), 2, "no check for no_such"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(folder, arguments, status, says):
    (folder / "out.txt").write_text("x is bad\n")
    (folder / "empty.txt").write_text("\n")
    before = files(folder)
    done = run(*arguments)
    assert done.exit_code == status, done.output
    assert says in " ".join(done.output.split())
    assert files(folder) == before
