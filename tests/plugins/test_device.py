"""When a session is still of use to the next question: a refused command is, a time-out or a lost line is not."""

from __future__ import annotations

import time

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.fannel.network.plugins.plugin_utils.device import Device

from fannel.checks.errors import DeviceError

PASSWORD = "S3cr3t-Zx81"


class Connection:
    """A network_cli connection: `screens` are what it gets from the device, or raises; then no prompt if told so."""

    def __init__(self, screens, patience_s=5):
        self.screens, self.connected, self.closed, self.logins = list(screens), False, False, 0
        self._prompt, self._patience_s = "rt1#", patience_s

    def get_option(self, _name):
        return self._patience_s

    def get_prompt(self):
        if not self.connected:
            self.logins += 1
            if isinstance(self.screens[0], Exception):
                raise self.screens[0]
            self.connected = True
        return self._prompt

    def get(self, command):
        screen, self._prompt = self.screens.pop(0)
        if isinstance(screen, Exception):
            raise screen
        if callable(screen):
            screen = screen()
        return f"{command}: {screen}"

    def close(self):
        self.closed = True


class Host(Device):
    """A Device on such a connection; how the real one gets its options is tested over real SSH (tests/e2e)."""

    def __init__(self, connection):
        class Templar:
            @staticmethod
            def template(value):
                return value

        super().__init__(None, None, Templar, None, {"ansible_password": PASSWORD})
        self.opened = connection

    def _opened(self):
        return self.opened


PROMPT = "rt1#"


def test_it_logs_in_with_the_first_command_once():
    connection = Connection([("up", PROMPT), ("down", PROMPT)])
    host = Host(connection)
    assert connection.logins == 0
    assert [host.ask("show a"), host.ask("show b")] == ["show a: up", "show b: down"]
    assert (connection.logins, host.lost) == (1, False)
    host.hang_up()
    assert connection.closed


def test_a_refused_login_is_tried_once_and_says_no_password():
    connection = Connection([AnsibleConnectionFailure(f"Authentication failed for admin with {PASSWORD}")])
    host = Host(connection)
    for _ in range(2):
        with pytest.raises(DeviceError, match="Authentication failed") as refused:
            host.ask("show a")
        assert PASSWORD not in str(refused.value)
    assert connection.logins == 1
    assert not host.lost, "there never was a session: the next login would fail, too"


def test_after_a_command_the_device_refuses_the_session_goes_on():
    refusal = AnsibleConnectionFailure("b'show a\\r\\n% Invalid input detected at marker.\\r\\nrt1#'")
    host = Host(Connection([(refusal, PROMPT), ("up", PROMPT)]))
    with pytest.raises(DeviceError, match="Invalid input") as refused:
        host.ask("show a")
    assert (host.lost, refused.value.lost) == (False, False)
    assert host.ask("show b") == "show b: up"


@pytest.mark.parametrize("screen", [AnsibleConnectionFailure("Socket is closed"), "None"])
def test_after_a_line_that_dropped_nothing_more_is_of_use(screen):
    host = Host(Connection([(screen, None)]))
    with pytest.raises(DeviceError) as dropped:
        host.ask("show a")
    assert (host.lost, dropped.value.lost) == (True, True)


def test_a_device_that_does_not_answer_in_time_is_given_up():
    host = Host(Connection([(lambda: time.sleep(60), None)], patience_s=1))
    with pytest.raises(DeviceError, match="timeout"):
        host.ask("show a")
    assert host.lost


def test_nothing_is_hung_up_where_nobody_logged_in():
    connection = Connection([])
    Host(connection).hang_up()
    assert not connection.closed


def test_a_password_that_cannot_be_read_is_told_like_a_refused_login():
    connection = Connection([("up", PROMPT)])
    host = Host(connection)

    def locked(_value):
        raise AnsibleConnectionFailure("Attempting to decrypt but no vault secrets found")

    host._templar.template = locked
    with pytest.raises(DeviceError, match="no vault secrets found"):
        host.ask("show a")
    assert connection.logins == 0
