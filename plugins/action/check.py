"""Action fannel.network.check: run one check on a device because somebody asks."""

from __future__ import annotations

import json
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.fannel.network.plugins.plugin_utils.device import Device, operating_system

from fannel import config, one_check
from fannel.checks.find import Checks
from fannel.incidents.store import PATIENCE_S, Store, StoreError
from fannel.login import Turns

OPTIONS = ("problem", "subject", "interface")


class ActionModule(ActionBase):
    """See plugins/modules/check.py."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do it; what cannot be run fails the task with one readable line."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        if unknown := set(self._task.args) - set(OPTIONS):
            msg = f"unknown option {', '.join(sorted(unknown))}; known: {', '.join(OPTIONS)}"
            raise AnsibleActionFail(msg)
        try:
            result["found"] = self._found(variables)
        except (config.ConfigError, StoreError, one_check.CannotCheckError) as error:
            raise AnsibleActionFail(str(error)) from error
        return result | {"changed": False}

    def _found(self, variables: dict[str, Any]) -> dict[str, Any]:
        settings = config.load()
        # Ansible's strings carry tags; the library means plain ones.
        given = json.loads(json.dumps({"host": variables["inventory_hostname"], **self._task.args}))
        asked = one_check.Asked(**{name: str(value) for name, value in given.items() if value is not None})
        checks = Checks.beside(settings.checks.path)
        prepared = one_check.prepare(checks, one_check.plain(asked), operating_system(self._templar, variables))
        loader = self._shared_loader_obj.connection_loader

        def reach() -> Device:
            return Device(self._task, self._play_context, self._templar, loader, variables)

        store = Store.open(settings.database.url, patience_s=PATIENCE_S)
        try:
            turns = Turns(store.leases, settings.leases, settings.site.zone)
            found = prepared.to_json(one_check.run(prepared, turns, reach))
        finally:
            store.close()
        # Where a login went is half of what is to be known of one that was refused.
        place = {name: variables.get(f"ansible_{name}") for name in ("user", "host", "port")}
        found["login"] = {
            name: str(self._templar.template(value)) for name, value in place.items() if value is not None
        }
        return found
