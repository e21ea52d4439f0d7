# Copyright: The FANNEL authors
# Apache License 2.0 (see LICENSE)
"""Inventory from pagoda: options and groups here, pagoda itself in `fannel.directory`."""

# ruff: noqa: E402  (Ansible wants the documentation before the imports)

from __future__ import annotations

DOCUMENTATION = r"""
name: pagoda
short_description: Network devices from pagoda
version_added: "0.1.0"
author: The FANNEL authors
description:
  - Makes a host of every item of pagoda's device model, with the variables that network connections need, and groups
    them by whatever pagoda knows.
  - With C(--limit) and plain host names it asks pagoda for these hosts alone, so a run against one device does not
    become slower as the network grows.
  - User names and passwords never come from pagoda. Keep them in group variables, a vault, or AWX credentials.
  - Nothing that pagoda holds is ever treated as a template.
  - While pagoda is no help (down, slow, broken, refusing the token) the hosts come from the list that a running FANNEL
    keeps in O(fallback_file), with the same variables and groups and with a warning that says why and how old it is. An
    alert does not wait for pagoda to come back.
  - A limit that names V(localhost) makes a host of it. A limit of V(localhost) alone does not contact pagoda.
  - Items whose name cannot be the name of a host (spaces, wildcards, V(all), V(localhost)) are left out with a warning.
requirements:
  - the C(fannel) Python package
notes:
  - The account needs to read the device model, the models it refers to (site, platform) and their items. A read-only
    co-user of pagoda is best. A token expires after one day unless the user's C(token_lifetime) is V(0).
  - A file of any name ending in V(.yml) or V(.yaml) is accepted as long as its O(plugin) is V(fannel.network.pagoda).
  - With O(cache) the list is kept by one of Ansible's cache plugins, under a key of its own for every pagoda, account,
    mapping, status list and limit. Off by default; C(fannel run) has no need of it, since it asks for single hosts.
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Marks the file as one for this plugin.
    type: str
    required: true
    choices: [fannel.network.pagoda]
  url:
    description:
      - Where pagoda is, such as V(https://pagoda.example.net).
      - Must be given here or in the environment unless O(fallback_file) can do without.
    type: str
    env:
      - name: PAGODA_URL
  token:
    description: A token of the account that reads pagoda. Better kept in the environment or in O(token_file).
    type: str
    env:
      - name: PAGODA_TOKEN
  token_file:
    description: A file whose content is the token. Not looked at when O(token) is set.
    type: path
    env:
      - name: PAGODA_TOKEN_FILE
  validate_certs:
    description: Whether pagoda's certificate must be valid.
    type: bool
    default: true
    env:
      - name: PAGODA_VALIDATE_CERTS
  ca_path:
    description: A file of certificate authorities to trust for pagoda.
    type: path
    env:
      - name: PAGODA_CA_PATH
      - name: FANNEL_PAGODA__CA_FILE
  timeout:
    description: How many seconds one page of 1,000 devices may take.
    type: float
    default: 60
  fallback_file:
    description:
      - The file in which FANNEL keeps what pagoda said last (its setting C(pagoda.cache_file)). C(fannel run) names it
        to the playbooks that it starts. None by default.
      - Used when pagoda does not answer, breaks, lists no device at all, or refuses the token or a name of the
        O(mapping); the warning names which. A file of another pagoda or another O(mapping) is never used, so a mistake
        in a new inventory file is an error.
    type: path
    env:
      - name: FANNEL_PAGODA__CACHE_FILE
  fallback_after:
    description:
      - With a usable O(fallback_file), how many seconds pagoda may take in all over the few hosts of C(--limit).
      - It is not asked a second time then. The whole list may take its time (O(timeout)).
    type: float
    default: 5
  mapping:
    description:
      - What pagoda calls things at this site, for names that differ from the defaults.
      - A dotted name is an attribute of the item that the first part refers to. V(null) says that there is none.
      - Where FANNEL's own settings give these names, O(mapping_file) takes them from there.
    type: dict
    default: {}
    suboptions:
      model:
        description: The model of devices. The item's name is the host's name.
        type: str
        default: NetworkDevice
      management_ip:
        description: The address to log in to, which becomes C(ansible_host).
        type: str
        default: management_ip
      source_addresses:
        description: The device's other addresses. Not used by the inventory.
        type: str
        default: snmp_source_addresses
      platform:
        description: The platform.
        type: str
        default: platform
      network_os:
        description: What becomes C(ansible_network_os).
        type: str
        default: platform.ansible_network_os
      site:
        description: The site.
        type: str
        default: site
      role:
        description: The role.
        type: str
        default: role
      status:
        description: The status.
        type: str
        default: status
  mapping_file:
    description:
      - A settings file of FANNEL, whose table C([pagoda.device]) says what pagoda calls things, so that the names are
        written once. C(fannel run) names its own to the playbooks that it starts.
      - A name that O(mapping) gives wins over the file's.
    type: path
    env:
      - name: FANNEL_CONFIG
  statuses:
    description: Only devices of these statuses become hosts. All devices by default.
    type: list
    elements: str
  limit_aware:
    description:
      - Whether to fetch only the hosts of C(--limit) when it is a list of plain host names.
      - Turn it off for plays that read C(hostvars) or C(groups) of hosts outside their limit.
      - A name that is not a device in pagoda (a group, say) makes the plugin fetch everything.
    type: bool
    default: true
"""

EXAMPLES = r"""
# The smallest: URL and token come from PAGODA_URL and PAGODA_TOKEN.
plugin: fannel.network.pagoda

---
# Groups by site, role, platform and OS; nothing that is only planned or already gone.
plugin: fannel.network.pagoda
url: https://pagoda.example.net
token_file: /run/secrets/pagoda
statuses: [active, maintenance]
keyed_groups:
  - {key: pagoda_site, prefix: site}
  - {key: pagoda_role, prefix: role}
  - {key: pagoda_platform, prefix: platform}
  - {key: pagoda_os, prefix: os}
groups:
  in_maintenance: pagoda_status == "maintenance"

---
# Junos by NETCONF instead of the CLI, another port for one site.
plugin: fannel.network.pagoda
compose:
  ansible_connection: >-
    "ansible.netcommon.netconf" if pagoda_os == "junos" else "ansible.netcommon.network_cli"
  ansible_port: 2222 if pagoda_site == "Osaka DC1" else 22

---
# A large network on AWX, whose jobs are seldom limited to plain host names: the list is asked for every ten minutes.
plugin: fannel.network.pagoda
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: /var/cache/fannel
cache_timeout: 600

---
# A site with names of its own, and no status.
plugin: fannel.network.pagoda
mapping:
  model: Router
  management_ip: loopback0
  network_os: model.ansible_os
  platform: model
  status:

---
# An AWX credential type for the token (input and injector), then the inventory source needs no secret of its own:
#   fields:
#     - {id: url, type: string, label: pagoda URL}
#     - {id: token, type: string, label: Token, secret: true}
#     - {id: verify, type: boolean, label: Verify pagoda's certificate, default: true}
#   required: [url, token]
#
#   env:
#     PAGODA_URL: "{{ url }}"
#     PAGODA_TOKEN: "{{ token }}"
#     PAGODA_VALIDATE_CERTS: "{{ verify }}"
plugin: fannel.network.pagoda
"""

import hashlib
import json
import sys
import time
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleParserError
from ansible.inventory.group import to_safe_group_name
from ansible.inventory.manager import split_host_pattern
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

try:
    from fannel.directory.client import PagodaClient
    from fannel.directory.errors import PagodaError
    from fannel.directory.mapping import DeviceMapping, names_in_file
    from fannel.directory.run_hosts import Fallback, Wanted, run_hosts
    from fannel.directory.snapshot import Origin, devices_from_json, devices_to_json
    from fannel.directory.transport import Timeouts
    from fannel.host_name import is_host_name

    MISSING = None
except ImportError as error:
    MISSING = error

try:
    # ansible-core 2.18 templates inventory variables unless they are marked; from 2.19 on they are not trusted anyway.
    from ansible.utils.unsafe_proxy import wrap_var as untrusted
except ImportError:

    def untrusted(value: Any) -> Any:
        """Nothing to mark: this ansible-core trusts no inventory variable."""
        return value


HERE = "localhost"


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Hosts from pagoda."""

    NAME = "fannel.network.pagoda"

    # Names of sites and platforms are free text in pagoda; group names must be identifiers.
    _sanitize_group_name = staticmethod(partial(to_safe_group_name, force=True, silent=True))

    def verify_file(self, path: str) -> bool:
        """Accept any YAML file; `plugin:` in it decides."""
        return super().verify_file(path) and path.endswith((".yml", ".yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:  # noqa: FBT001, FBT002  (Ansible's signature)
        """Read the options of `path`, ask pagoda, fill the inventory."""
        super().parse(inventory, loader, path, cache)
        if MISSING is not None:
            msg = f"fannel.network.pagoda needs the fannel Python package beside ansible-core: {MISSING}"
            raise AnsibleParserError(msg)
        self._read_config_data(path)
        names = self._limit()
        if HERE in names:
            self._add_here()
        if names == [HERE] and self.get_option("limit_aware"):
            return
        for device in self._devices([name for name in names if name != HERE], cache=cache):
            self._add(device)

    def _devices(self, names: list[str], *, cache: bool) -> list[Any]:
        plain = bool(names) and self.get_option("limit_aware") and all(map(is_host_name, names))
        statuses, mapping = self.get_option("statuses"), self._mapping()
        wanted = Wanted(frozenset(names) if plain else None, None if statuses is None else tuple(statuses))
        if not self.get_option("cache"):
            return self._ask(mapping, wanted).devices
        self.load_cache_plugin()
        key = self._key(mapping, wanted)
        if cache and (kept := devices_from_json(self._cache.get(key))) is not None:
            return kept
        found = self._ask(mapping, wanted)
        if not found.warning:  # an old list must not look fresh for another cache_timeout
            self._cache[key] = devices_to_json(found.devices)
        return found.devices

    def _key(self, mapping: Any, wanted: Any) -> str:
        """What decides which devices pagoda lists: another account may read less, another mapping reads otherwise."""
        identity = (
            self.get_option("url"),
            hashlib.sha256(self._token().encode()).hexdigest(),
            sorted(asdict(mapping).items()),
            None if wanted.statuses is None else sorted(wanted.statuses),
            None if wanted.names is None else sorted(wanted.names),
        )
        return f"fannel_pagoda_{hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]}"

    def _ask(self, mapping: Any, wanted: Any) -> Any:
        timeouts = Timeouts(page_s=self.get_option("timeout"))
        try:
            found = run_hosts(
                self._connect, mapping, wanted, self._fallback(mapping), timeouts=timeouts, now=time.time()
            )
        except PagodaError as error:
            raise AnsibleParserError(f"pagoda: {error}") from error
        if found.warning:
            self.display.warning(f"pagoda: {found.warning}")
        return found

    def _connect(self, timeouts: Any) -> Any:
        if not self.get_option("url"):
            raise PagodaError("no URL: set PAGODA_URL, or url in the inventory file")
        verify, ca_file = self.get_option("validate_certs"), self.get_option("ca_path")
        return PagodaClient(self.get_option("url"), self._token(), ca_file, verify=verify, timeouts=timeouts)

    def _fallback(self, mapping: Any) -> Any:
        path, url = self.get_option("fallback_file"), self.get_option("url")
        # An empty variable, which switches it off, reads as the working directory.
        if not path or Path(path).is_dir():
            return None
        return Fallback(Path(path), Origin.of(url, mapping) if url else None, self.get_option("fallback_after"))

    def _token(self) -> str:
        token, token_file = self.get_option("token"), self.get_option("token_file")
        if token:
            return token
        if not token_file:
            raise PagodaError("no token: set PAGODA_TOKEN, or token_file in the inventory file")
        try:
            return Path(token_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise PagodaError(f"cannot read token_file {token_file}: {reason}") from None

    def _mapping(self) -> Any:
        # An empty variable, which names no file, reads as the working directory.
        file = self.get_option("mapping_file")
        try:
            kept = names_in_file(Path(file)) if file and not Path(file).is_dir() else {}
        except ValueError as error:
            raise AnsibleParserError(f"mapping_file: {error}") from None
        given = {**kept, **self.get_option("mapping")}
        known = [field.name for field in fields(DeviceMapping)]
        if unknown := sorted(set(given) - set(known)):
            raise AnsibleParserError(f"mapping: no such name: {', '.join(unknown)}; there are: {', '.join(known)}")
        required = [name for name in ("model", "management_ip") if name in given and not given[name]]
        if required:
            raise AnsibleParserError(f"mapping: {', '.join(required)} cannot be null: without it there are no hosts")
        return DeviceMapping(**given)

    def _limit(self) -> list[str]:
        """The patterns of `--limit`, as written."""
        subset = context.CLIARGS.get("subset")
        return split_host_pattern(subset) if subset else []

    def _add_here(self) -> None:
        """Make a host of the machine that Ansible runs on. It takes a host that is there to be in a limit."""
        if HERE in self.inventory.hosts:
            return
        self.inventory.add_host(HERE)
        self.inventory.set_variable(HERE, "ansible_connection", "ansible.builtin.local")
        self.inventory.set_variable(HERE, "ansible_python_interpreter", sys.executable)

    def _compose(self, template: Any, variables: Any, *args: Any) -> Any:
        """Read a plain `pagoda_…` variable without Jinja: for 10,000 hosts in four keyed groups that saves a minute."""
        if isinstance(template, str) and template.startswith("pagoda_") and not self.get_option("use_extra_vars"):
            value = variables.get(template)
            if value is not None:
                return value
        return super()._compose(template, variables, *args)

    def _add(self, device: Any) -> None:
        if not is_host_name(device.name):
            shown = ascii(device.name)[:80]
            self.display.warning(f"pagoda: item {device.pagoda_id} is left out, {shown} cannot be the name of a host")
            return
        host = self.inventory.add_host(device.name)
        for name, value in _variables(device).items():
            self.inventory.set_variable(host, name, untrusted(value))
        strict = self.get_option("strict")
        # Expressions are the inventory file's own; what they see of pagoda stays data.
        variables = self.inventory.get_host(host).get_vars()
        self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), {}, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), {}, host, strict=strict)


def _variables(device: Any) -> dict[str, Any]:
    """What a play knows of a device; absent facts are absent variables."""
    given = {
        "ansible_host": device.management_ip,
        "ansible_network_os": device.network_os,
        "ansible_connection": "ansible.netcommon.network_cli",
        "pagoda_id": device.pagoda_id,
        "pagoda_os": device.os,
        "pagoda_platform": device.platform,
        "pagoda_role": device.role,
        "pagoda_site": device.site,
        "pagoda_status": device.status,
    }
    return {name: value for name, value in given.items() if value is not None}
