"""Action fannel.network.check: look at a device over the open network_cli connection, in one login, and judge."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.connection import Connection, ConnectionError  # noqa: A004  (Ansible's own name)
from ansible.plugins.action import ActionBase
from ansible_collections.fannel.network.plugins.plugin_utils.step import required

from fannel import config
from fannel.checks import session
from fannel.checks.errors import CheckError, DeviceError, NoCheckError
from fannel.checks.find import Checks
from fannel.checks.redact import complaint, redact
from fannel.event import Subject
from fannel.incidents.store import Store, StoreError
from fannel.login import Turns, guarded

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.checks.verdict import Verdict
    from fannel.incidents.lease import Keeper

_SECRETS = ("ansible_password", "ansible_ssh_pass", "ansible_become_password", "ansible_become_pass")


class ActionModule(ActionBase):
    """See plugins/modules/check.py."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Judge the fault of the event; every trouble with the device is a verdict, none is a failed task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        event = required(self._task.args, ("event",))["event"]
        secrets = self._secrets(task_vars or {})
        verdict = self._judge(event, secrets)
        result.update(
            changed=False,
            verdict=_without(secrets, verdict.to_json()),
            outputs=_without(secrets, [asdict(output) for output in verdict.outputs]),
            took_s=verdict.took_s,
            subject_name=verdict.subject_name,
            waited=verdict.waited,
        )
        return result

    def _judge(self, event: dict[str, Any], secrets: list[str]) -> Verdict:
        try:
            settings = config.load()
            check = Checks.beside(settings.checks.path).find(event["problem"], event["host"].get("os"))
            store = Store.open(settings.database.url)
        except (NoCheckError, CheckError) as error:
            return session.inconclusive(str(error))
        except (config.ConfigError, StoreError) as error:
            raise AnsibleActionFail(str(error)) from error
        try:
            socket_path = getattr(self._connection, "socket_path", None)
            if socket_path is None:
                kind = getattr(self._connection, "ansible_name", self._connection.transport)
                return session.inconclusive(
                    f"this host is reached by {kind}; checks need ansible.netcommon.network_cli"
                )
            connection = Connection(socket_path)

            def work(kept: Keeper) -> Verdict:
                try:
                    ask = guarded(_asker(connection, secrets), kept)
                    return session.run(check, Subject(**event["subject"]), ask)
                finally:
                    _hang_up(connection)

            turns = Turns(store.leases, settings.leases, settings.site.zone)
            return turns.look(event, work, lambda: _stay(connection))
        finally:
            store.close()

    def _secrets(self, task_vars: dict[str, Any]) -> list[str]:
        found = (self._templar.template(task_vars[name]) for name in _SECRETS if task_vars.get(name))
        return [str(secret) for secret in found]


def _without(secrets: list[str], value: Any) -> Any:
    """A JSON value with the secrets taken out of every text, keys included."""
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, dict):
        return {_without(secrets, key): _without(secrets, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without(secrets, item) for item in value]
    return value


def _asker(connection: Connection, secrets: list[str]) -> Callable[[str], str]:
    """Asks one command. The login happens with the first; after a failed login nothing more is sent:

    a failed `enable` leaves a session that would take the next command for a password.
    """
    logged_in = False

    def ask(command: str) -> str:
        nonlocal logged_in
        try:
            if not logged_in:
                connection.get_prompt()
                logged_in = True
            return str(connection.get(command=command))
        except ConnectionError as error:
            # After a time-out a late answer would be taken for that of the next command: the session is over, too.
            lost = not logged_in or "timeout" in str(error)
            raise DeviceError(complaint(str(error), secrets), lost=lost) from None

    return ask


def _stay(connection: Connection) -> None:
    """Nobody has logged in yet: keep the process that will from ending as idle, which it does after half a minute."""
    try:
        connection.get_option("persistent_connect_timeout")
    except ConnectionError:
        return  # the login says what is wrong


def _hang_up(connection: Connection) -> None:
    """End the session at once; left alone, it keeps one of the device's few lines busy for half a minute."""
    try:
        connection.close()
    except ConnectionError:
        # Never logged in, or the device hung up first: there is nothing left to end.
        return
