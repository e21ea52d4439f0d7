"""The stand-ins, each alone, as somebody types them."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest


@pytest.fixture
def lab(tmp_path):
    """Starts `fannel lab …`, waits for a line that matches, ends it by SIGTERM."""
    running = []

    def start(*arguments, until):
        process = subprocess.Popen(
            [sys.executable, "-m", "fannel", "lab", *arguments],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        running.append(process)
        said = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(until, line):
                return found
        raise AssertionError("".join(said))

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        process.wait(timeout=20)


def fannel(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "fannel", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_devices_answer_and_cables_are_pulled_from_another_process(lab):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as traps:
        traps.bind(("127.0.0.1", 0))
        traps.settimeout(20)
        target = f"127.0.0.1:{traps.getsockname()[1]}"
        control = lab(
            "devices", "--port", "0", "--control-port", "0", "--traps-to", target, until=r"control (http\S+),"
        )
        done = fannel("lab", "cut", "rt-tyo-01.example.net", "GigabitEthernet0/3", "--control", control[1])
        assert (done.returncode, done.stdout) == (0, "rt-tyo-01.example.net GigabitEthernet0/3 is down\n")
        payload, (source, _) = traps.recvfrom(65535)
    assert source == "127.0.2.1", "where pagoda says its traps come from"
    shown = json.loads(fannel("decode", "--hex", payload.hex()).stdout)
    assert (shown["kind"], shown["subject"]["name"]) == ("interface_down", "GigabitEthernet0/3")
    wrong = fannel("lab", "cut", "rt-tyo-01.example.net", "GigabitEthernet7/7", "--control", control[1])
    assert wrong.returncode == 1
    assert "GigabitEthernet7/7" in wrong.stderr


def test_pagoda_prints_what_to_set_and_answers(lab):
    found = lab("pagoda", "--port", "0", until=r"PAGODA_URL=(\S+) PAGODA_TOKEN=(\S+)")
    request = urllib.request.Request(
        f"{found[1]}/entity/api/v2/?search=NetworkDevice", headers={"Authorization": f"Token {found[2]}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["results"][0]["name"] == "NetworkDevice"


def test_slack_prints_what_to_set_and_shows_its_page(lab):
    found = lab("slack", "--port", "0", until=r"threads: (\S+)")
    with urllib.request.urlopen(found[1], timeout=10) as page:
        assert "alerts" in page.read().decode()


def test_without_a_lab_running_the_hand_that_pulls_says_so():
    done = fannel("lab", "cut", "rt-tyo-01.example.net", "GigabitEthernet0/3", "--control", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "is `fannel lab devices` running?" in done.stderr
