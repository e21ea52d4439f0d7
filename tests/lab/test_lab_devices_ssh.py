import json
import socket
import threading
import time
import urllib.error

import paramiko
import pytest

from fannel.lab.devices import control
from fannel.lab.devices.lab import PASSWORD, USER, LabDevices


@pytest.fixture(scope="module")
def lab():
    with LabDevices() as devices:
        devices.test_port = devices.start()
        yield devices


def log_in(lab, address, password=PASSWORD):
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(
        address, lab.test_port, USER, password, look_for_keys=False, allow_agent=False, timeout=5, auth_timeout=5
    )
    return client


def read_until(channel, end):
    got = b""
    while not got.endswith(end):
        data = channel.recv(65536)
        assert data, f"closed after {got!r}"
        got += data
    return got


def test_all_devices_should_be_up_within_a_second():
    started = time.perf_counter()
    with LabDevices() as devices:
        port = devices.start()
        for device in devices.plant.devices.values():
            with socket.create_connection((device.address, port), timeout=1) as connection:
                assert connection.recv(4) == b"SSH-"
    assert time.perf_counter() - started < 1


def test_a_login_should_get_a_shell_that_answers(lab):
    with log_in(lab, "127.0.1.6") as client:
        channel = client.invoke_shell()
        channel.settimeout(5)
        read_until(channel, b"frr-tyo-01# ")
        channel.sendall(b"show interface eth1 json\r")
        answer = read_until(channel, b"frr-tyo-01# ").replace(b"\r", b"").decode()
        assert json.loads(answer[answer.index("{") : answer.rindex("}") + 1])["eth1"]["index"] == 2


def test_a_wrong_password_should_be_refused(lab):
    with pytest.raises(paramiko.AuthenticationException):
        log_in(lab, "127.0.1.1", password="wrong")


def test_many_sessions_at_once_should_each_get_their_own_answers(lab):
    answers = {}

    def look(number):
        with log_in(lab, "127.0.1.3") as client:
            channel = client.invoke_shell()
            channel.settimeout(10)
            read_until(channel, b"sw-tyo-01# ")
            channel.sendall(f"show interface Ethernet1/{number % 2 + 1}\r".encode())
            answers[number] = read_until(channel, b"sw-tyo-01# ")

    threads = [threading.Thread(target=look, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 8
    assert all(f"Ethernet1/{number % 2 + 1} is up".encode() in answer for number, answer in answers.items())


def test_a_client_that_says_nonsense_should_hurt_nobody(lab):
    with socket.create_connection(("127.0.1.1", lab.test_port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n" * 100)
    log_in(lab, "127.0.1.1").close()


def test_stop_should_end_the_sessions_and_free_the_port():
    devices = LabDevices()
    port = devices.start()
    connection = socket.create_connection(("127.0.1.1", port), timeout=5)
    devices.stop()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.1.1", port), timeout=1)
    connection.close()


def test_a_port_in_use_should_be_an_error_that_leaves_nothing_open():
    with socket.create_server(("127.0.1.4", 0)) as taken:
        port = taken.getsockname()[1]
        with LabDevices() as devices:
            with pytest.raises(OSError):
                devices.start(port)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.1.1", port), timeout=1)


def test_cables_should_be_pulled_from_another_process_and_the_traps_sent(lab):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        with control.LabControl(lab, trap_target=receiver.getsockname()) as server:
            url = server.start()
            changes = control.ask(url, "rt-tyo-01", "cut", "GigabitEthernet0/1")
            senders = {receiver.recvfrom(2048)[1][0] for _ in changes}
            assert [(change["device"], change["up"]) for change in changes] == [
                ("rt-tyo-01.example.net", False),
                ("rt-osa-01.example.net", False),
            ]
            assert senders == {"127.0.2.1", "127.0.1.2"}
            assert control.ask(url, "rt-tyo-01", "restore", "GigabitEthernet0/1")[0]["up"] is True


@pytest.mark.parametrize(("device", "action"), [("nobody", "cut"), ("rt-tyo-01", "explode"), ("", "")])
def test_control_should_refuse_what_it_does_not_know(lab, device, action):
    with control.LabControl(lab) as server, pytest.raises(urllib.error.HTTPError) as caught:
        control.ask(server.start(), device, action, "GigabitEthernet0/1")
    assert caught.value.code == 404
    assert json.load(caught.value)["error"].startswith("no ")
    caught.value.close()
