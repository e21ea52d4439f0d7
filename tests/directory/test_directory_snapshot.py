"""The directory on disk: whole or not at all, and nothing in it is believed."""

import json
import os
import stat
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fannel.directory import snapshot
from fannel.directory.directory import Device, Interface
from fannel.directory.mapping import DeviceMapping
from fannel.directory.snapshot import NoSnapshot, Origin, Snapshot, SnapshotError

ORIGIN = Origin.of("https://pagoda.example.net/", DeviceMapping())
RT1 = Device(
    "rt1.example.net", 1, ("192.0.2.1", "2001:db8::1"), "192.0.2.1",
    "ios", "Cisco IOS-XE", "cisco.ios.ios", "tyo1", "core", "active",
)  # fmt: skip
RT2 = Device("{{ evil }}\n\u202e", 2, ())
GI1 = Interface("GigabitEthernet0/1", 3, "10G to rt2", "rt2 Gi0/2", "CKT-1")
KEPT = Snapshot(1_790_000_000.5, (RT1, RT2), {1: (GI1, Interface("Lo0"))})


@pytest.fixture
def file(tmp_path):
    return tmp_path / "var" / "directory.json"


@pytest.fixture
def saved(file):
    snapshot.save(file, KEPT, ORIGIN)
    return file


def plain(kept):
    return kept.read_at, list(kept.devices), {device: list(some) for device, some in kept.interfaces.items()}


def test_what_was_saved_is_loaded(saved):
    assert plain(snapshot.load(saved, ORIGIN)) == plain(KEPT)


def test_who_needs_devices_alone_gets_devices_alone(saved):
    kept = snapshot.load(saved, ORIGIN, with_interfaces=False)
    assert (list(kept.devices), kept.interfaces) == ([RT1, RT2], {})


def test_nobody_else_can_read_it(saved):
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_it_says_how_old_it_is():
    assert KEPT.age_s(KEPT.read_at + 60) == 60
    assert KEPT.age_s(KEPT.read_at - 60) == 0


def test_a_failed_save_leaves_the_old_file_and_nothing_else(saved, monkeypatch):
    before = saved.read_bytes()
    monkeypatch.setattr(snapshot, "MAX_BYTES", 600)
    with pytest.raises(SnapshotError, match="larger than"):
        snapshot.save(saved, KEPT, ORIGIN)
    assert (saved.read_bytes(), list(saved.parent.iterdir())) == (before, [saved])


def test_what_a_killed_writer_left_is_removed_in_time(saved):
    old, new = saved.parent / f".{saved.name}.a.tmp", saved.parent / f".{saved.name}.b.tmp"
    old.touch()
    new.touch()
    long_ago = time.time() - 86_400
    os.utime(old, (long_ago, long_ago))
    snapshot.save(saved, KEPT, ORIGIN)
    assert set(saved.parent.iterdir()) == {new, saved}


def test_no_file_is_told_apart_from_a_bad_one(file):
    with pytest.raises(NoSnapshot):
        snapshot.load(file, ORIGIN)


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (replace(ORIGIN, pagoda="https://other.example.net"), "of another pagoda"),
        (replace(ORIGIN, mapping=DeviceMapping(network_os="os")), "another mapping"),
    ],
)
def test_another_origin_is_refused_at_the_first_line(saved, origin, words):
    for look in (snapshot.check, snapshot.load):
        with pytest.raises(SnapshotError, match=words):
            look(saved, origin)
    assert snapshot.load(saved, None).devices


def test_every_shortening_is_noticed(saved):
    whole = saved.read_bytes()
    for length in range(len(whole)):
        saved.write_bytes(whole[:length])
        with pytest.raises(SnapshotError):
            snapshot.load(saved, ORIGIN)
    saved.write_bytes(whole + b"{}\n")
    with pytest.raises(SnapshotError, match="longer than it says"):
        snapshot.load(saved, ORIGIN)


CHANGES = [
    (0, {"schema": "fannel.directory/2"}, "not fannel.directory/1"),
    (0, {"devices": 3}, "not what a device looks like|addresses|no name"),
    (0, {"devices": -1}, "how many devices"),
    (0, {"devices": True}, "how many devices"),
    (0, {"interfaces": 10**9}, "shorter than it says"),
    (0, {"read_at": "now"}, "when it was read"),
    (0, {"read_at": float("nan")}, "when it was read"),
    (0, {"read_at": 10**400}, "when it was read"),
    (1, {"addresses": ["192.0.2.1; id"]}, "not addresses"),
    (1, {"addresses": "192.0.2.1"}, "not addresses"),
    (1, {"addresses": ["192.0.2.1"] * 300}, "not addresses"),
    (1, {"management_ip": "{{ evil }}"}, "not what a device looks like"),
    (1, {"management_ip": "192.0.2.99"}, "not what a device looks like"),
    (1, {"management_ip": ["192.0.2.1"]}, "not what a device looks like"),
    (1, {"os": "../../etc"}, "not what a device looks like"),
    (1, {"ansible_connection": "local"}, "not what a device looks like"),
    (1, {"name": None}, "no name"),
    (1, {"name": "x" * 254}, "name is not a text"),
    (1, {"site": ["tyo1"]}, "site is not a text"),
    (1, {"role": "a\0b"}, "role is not a text"),
    (1, {"status": "a\ud800b"}, "status is not a text"),
    (1, {"pagoda_id": "1"}, "pagoda_id is not a number"),
    (3, {"device": None}, "device is not a number"),
    (3, {"description": "x" * 1001}, "description is not a text"),
    (3, {"ifindex": True}, "ifindex is not a number"),
    (3, {"mtu": 1500}, "not what an interface looks like"),
]


@pytest.mark.parametrize(("number", "change", "words"), CHANGES, ids=[str(change)[:40] for _, change, _ in CHANGES])
def test_what_fannel_would_not_write_is_refused(saved, number, change, words):
    lines = saved.read_text().splitlines()
    lines[number] = json.dumps(json.loads(lines[number]) | change)
    saved.write_text("\n".join(lines) + "\n")
    with pytest.raises(SnapshotError, match=words):
        snapshot.load(saved, ORIGIN)


def test_the_os_follows_from_ansibles_name_for_it(saved):
    saved.write_text(saved.read_text().replace("cisco.ios.ios", "../../etc"))
    assert snapshot.load(saved, ORIGIN).devices[0].os is None


def test_what_is_no_file_holds_nobody_up(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, words in ((tmp_path / "pipe", "not a regular file"), (tmp_path, "not a regular file|cannot be read")):
        with pytest.raises(SnapshotError, match=words):
            snapshot.load(path, ORIGIN)


def test_a_huge_file_is_not_read(saved):
    os.truncate(saved, snapshot.MAX_BYTES + 1)
    with pytest.raises(SnapshotError, match="larger than 256 MB"):
        snapshot.check(saved, ORIGIN)


texts = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=253)
devices = st.builds(
    Device,
    name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=253),
    pagoda_id=st.integers(),
    addresses=st.lists(st.ip_addresses(v=4).map(str), max_size=3).map(tuple),
    platform=texts,
    network_os=st.none() | st.just("a.b.c\n"),
    site=texts,
    role=texts,
    status=texts,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(some=st.lists(devices, max_size=4))
def test_any_text_comes_back_as_it_was(file, some):
    some = [replace(device, os="c" if device.network_os else None) for device in some]
    snapshot.save(file, Snapshot(0.0, some, {}), ORIGIN)
    assert list(snapshot.load(file, ORIGIN).devices) == some


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(min_value=0), junk=st.binary(min_size=1, max_size=4))
def test_damage_is_refused_or_harmless(saved, at, junk):
    snapshot.save(saved, KEPT, ORIGIN)
    whole = bytearray(saved.read_bytes())
    at %= len(whole)
    whole[at : at + len(junk)] = junk
    saved.write_bytes(whole)
    try:
        kept = snapshot.load(saved, ORIGIN)
    except SnapshotError:
        return
    assert all(isinstance(device, Device) for device in kept.devices)
