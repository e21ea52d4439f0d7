# Copyright: The FANNEL authors
# Apache License 2.0 (see LICENSE)
"""How network_cli reads FRRouting's vtysh when it is the login shell."""

from __future__ import annotations

import re

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.terminal import TerminalBase

DOCUMENTATION = """
name: frr
short_description: FRRouting's vtysh over network_cli
description:
  - Tells C(ansible.netcommon.network_cli) what the prompts and the complaints of C(vtysh) look like.
  - vtysh must be the login shell of the account. It starts privileged, so C(ansible_become) changes nothing.
author: The FANNEL authors
"""

# A prompt is a whole line, the last that has arrived: the host name, perhaps a mode in brackets, and > or #.
_PROMPT = rb"(?:^|[\r\n])[\w.:/+-]+(?:\([^)\r\n]+\))?[>#] ?$"
_COMPLAINT = rb"(?:^|[\r\n])% ?(?:unknown command|command incomplete|ambiguous command|there is no matched|can't find)"


class TerminalModule(TerminalBase):
    """vtysh: privileged from the start, no pager once `terminal length 0` is set."""

    terminal_stdout_re = (re.compile(_PROMPT),)
    terminal_stderr_re = (re.compile(_COMPLAINT, re.IGNORECASE),)
    terminal_config_prompt = re.compile(r"^.+\(config(-.*)?\)#$")

    def on_open_shell(self) -> None:
        """Turn the pager off."""
        try:
            self._exec_cli_command(b"terminal length 0")
        except AnsibleConnectionFailure as error:
            msg = f"unable to set terminal parameters: {error}"
            raise AnsibleConnectionFailure(msg) from error
