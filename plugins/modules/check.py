# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""Documentation of the action fannel.network.check; what it does is in plugins/action/check.py."""

DOCUMENTATION = r"""
---
module: check
short_description: Run one check on a device
version_added: "0.1.0"
description:
  - Finds the check for a problem and the operating system of the host (the site first, then the shipped ones), runs it
    on the device and judges. It posts nothing and changes no incident.
  - One login at a time for each device, whoever runs. While another run is logged in, this one waits
    (C(leases.wait_s) in the settings).
  - A device that cannot be reached, or refuses the login, gives the verdict C(inconclusive) with the reason. The task
    fails where there is nothing to run; no check, or a subject that may not enter its commands.
options:
  problem:
    description: What to look at, C(interface_down) or another problem of C(fannel checks list).
    type: str
    required: true
  subject:
    description: What it is about, V(GigabitEthernet0/1), V(192.0.2.1), V(192.0.2.1 vrf CUST-A).
    type: str
    default: ""
  interface:
    description: Where a neighbour is reached, for checks that ask for it.
    type: str
notes:
  - The device is reached through its own C(ansible_connection), which must be C(ansible.netcommon.network_cli). The
    task itself needs C(ansible_connection=ansible.builtin.local), see the example.
  - Reads the same settings as the event source (C(FANNEL_CONFIG), C(fannel.toml), environment).
  - Passwords are taken out of everything it returns.
author: The FANNEL authors
"""

EXAMPLES = r"""
- name: Look at a port
  fannel.network.check:
    problem: interface_down
    subject: GigabitEthernet0/1
  vars:
    ansible_connection: ansible.builtin.local
"""

RETURN = r"""
found:
  description: C(verdict) with outcome, reasons, evidence and facts; C(host), C(os), C(subject), C(check), C(outputs),
    C(login) (user, host and port).
  returned: success
  type: dict
"""
