"""A device that a run logs in to through network_cli, inside this very process.

Ansible would start a process for the connection, a second Python with all of Ansible in it, before anybody knows
whether this run has to log in at all. Here the connection plugin is the same, with the host's own options; it is made
when it is our turn, logs in with the first command, and ends with the last.
"""

from __future__ import annotations

import logging
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ansible import constants as C  # noqa: N812  (Ansible's own name for it)
from ansible.module_utils.common.text.converters import to_text

from fannel.checks.errors import DeviceError
from fannel.checks.redact import complaint, hidden
from fannel.directory.mapping import os_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fannel.checks.verdict import Verdict

NETWORK_CLI = ("ansible.netcommon.network_cli", "network_cli")
_SECRETS = ("ansible_password", "ansible_ssh_pass", "ansible_become_password", "ansible_become_pass")


def operating_system(templar: Any, variables: Mapping[str, Any]) -> str | None:
    """The word that checks are filed under: pagoda's, or the last part of `ansible_network_os`; None without both."""
    known = variables.get("pagoda_os") or variables.get("ansible_network_os")
    return os_name(str(templar.template(known))) if known else None


class Device:
    """One host, as `fannel.visit` uses it. After a failed login nothing more is sent:

    a failed `enable` leaves a session that would take the next command for a password.
    """

    def __init__(self, task: Any, context: Any, templar: Any, connections: Any, task_vars: Mapping[str, Any]) -> None:
        """The first four are what an action plugin has: task, PlayContext, templar, loader of connection plugins."""
        self._task, self._context, self._templar, self._connections = task, context, templar, connections
        self._vars = task_vars
        self._secrets: list[str] = []
        self._connection: Any = None
        self._refused: DeviceError | None = None
        self.lost = False

    def ask(self, command: str) -> str:
        """What the device prints. Raises DeviceError."""
        if self._refused is not None:
            raise self._refused
        if self._connection is None:
            self._log_in()
        try:
            with self._within_patience():
                text = to_text(self._connection.get(command=command))
        except Exception as error:  # noqa: BLE001  (vendors' plugins raise what they like; all of it is told)
            self.lost = not self._at_prompt()
            raise DeviceError(self._told(error), lost=self.lost) from None
        if not self._at_prompt():
            self.lost = True
            msg = "the device ended the session"
            raise DeviceError(msg, lost=True)
        return text

    def hidden(self, verdict: Verdict) -> Verdict:
        """The verdict without this host's passwords."""
        return hidden(verdict, self._secrets)

    def hang_up(self) -> None:
        """End the session at once: it is one of the device's few lines."""
        if self._connection is None:
            return
        try:
            with self._within_patience():
                self._connection.close()
        except Exception:  # noqa: BLE001, S110  (it hung up first, or never answered: there is nothing left to end)
            pass

    def _at_prompt(self) -> bool:
        """Whether the device waits for the next command; what it refuses ends with a prompt as well.

        After a time-out a late answer would be taken for that of the next command: that session is over, too.
        """
        return bool(self._connection.connected and self._connection.get_prompt())

    def _log_in(self) -> None:
        try:
            self._secrets = [str(self._value(name)) for name in _SECRETS if self._vars.get(name)]
            self._connection = self._opened()
            with self._within_patience():
                self._connection.get_prompt()
        except Exception as error:  # noqa: BLE001  (as above; what is not installed or not set is told here as well)
            self.hang_up()
            self._connection = None
            self._refused = DeviceError(self._told(error), lost=True)
            raise self._refused from None

    def _opened(self) -> Any:
        """The host's connection plugin with its options, as Ansible's TaskExecutor makes it; nothing is sent yet."""
        # libssh says which of its files are not there; without a handler Python would print that among the results.
        logging.getLogger("ansible-pylibssh").addHandler(logging.NullHandler())
        variables = self._own_vars()
        name = str(variables["ansible_connection"])
        if name not in NETWORK_CLI:
            msg = f"this host is reached by {name}; checks need {NETWORK_CLI[0]}"
            raise DeviceError(msg)
        context = self._context.set_task_and_variable_override(
            task=self._task, variables=variables, templar=self._templar
        )
        context.post_validate(templar=self._templar)
        connection = self._connections.get(
            name,
            context,
            new_stdin=None,
            task_uuid=self._task._uuid,  # noqa: SLF001  (a task has no other name for it)
            ansible_playbook_pid=str(os.getppid()),
        )
        keys = self._task.dump_attrs() | {"timeout": context.timeout}
        if context.password:
            keys["password"] = context.password
        del keys["retries"]  # the task's, not the connection's
        connection.set_options(task_keys=keys, var_options=self._options("connection", connection))
        context.timeout = connection.get_option("persistent_command_timeout")
        ssh = connection.ssh_type_conn
        ssh.set_options(task_keys=keys, var_options=self._options("connection", ssh))
        connection.cliconf.set_options(task_keys=keys, var_options=self._options("cliconf", connection.cliconf))
        return connection

    def _own_vars(self) -> dict[str, Any]:
        """The variables with the host's own connection: the task's says `local`, so that none is opened for it."""
        hostvars = self._vars["hostvars"][self._vars["inventory_hostname"]]
        return {**self._vars, "ansible_connection": hostvars.get("ansible_connection", C.DEFAULT_TRANSPORT)}

    def _options(self, kind: str, plugin: Any) -> dict[str, Any]:
        names = C.config.get_plugin_vars(kind, plugin._load_name)  # noqa: SLF001  (as above)
        return {name: self._value(name) for name in names if name in self._vars and name != "ansible_connection"}

    def _value(self, name: str) -> Any:
        return self._templar.template(self._vars[name])

    @contextmanager
    def _within_patience(self) -> Iterator[None]:
        """As long as the connection's own option says, login included, like the process Ansible would start."""
        patience_s = self._connection.get_option("persistent_command_timeout")

        def ring(*_: object) -> None:
            msg = f"command timeout triggered, timeout value is {patience_s} secs"
            raise TimeoutError(msg)

        before = signal.signal(signal.SIGALRM, ring)
        signal.alarm(patience_s)
        try:
            yield
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)

    def _told(self, error: Exception) -> str:
        return complaint(str(error) or type(error).__name__, self._secrets)
