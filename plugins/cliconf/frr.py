# Copyright: The FANNEL authors
# Apache License 2.0 (see LICENSE)
"""Commands on FRRouting's vtysh, for `ansible.netcommon.cli_command` and FANNEL's checks."""

from __future__ import annotations

import re

from ansible_collections.ansible.netcommon.plugins.cliconf.default import Cliconf as DefaultCliconf

DOCUMENTATION = """
name: frr
short_description: Run commands on FRRouting
description:
  - Sends commands to C(vtysh) over C(ansible.netcommon.network_cli). It looks; it does not configure.
  - C(vtysh) must be the login shell of the account.
author: The FANNEL authors
"""


class Cliconf(DefaultCliconf):
    """netcommon's cliconf for any device (it runs commands and refuses to configure), plus who is speaking."""

    def get_device_info(self) -> dict[str, str]:
        """Version and host name, asked once per connection."""
        if not self._device_info:
            self._device_info = {"network_os": "fannel.network.frr"}
            match = re.search(r"FRRouting (\S+)(?: \((\S+)\))?", self.get("show version"))
            if match:
                self._device_info["network_os_version"] = match[1]
                if match[2]:
                    self._device_info["network_os_hostname"] = match[2]
        return self._device_info
