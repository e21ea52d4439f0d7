# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""Documentation of the action fannel.network.check; what it does is in plugins/action/check.py."""

DOCUMENTATION = r"""
---
module: check
short_description: Look at a device in one login and judge
version_added: "0.1.0"
description:
  - Finds the check for the problem of the event and the operating system of its host (the site first, then the shipped
    ones), runs its commands over the open C(network_cli) connection, parses what they print and judges.
  - Logs in while no other run is logged in to that device, and waits its turn (C(leases.wait_s) in the settings).
  - A device that cannot be reached, or refuses the login, gives the verdict C(inconclusive) with the reason.
notes:
  - Needs C(ansible_connection=ansible.netcommon.network_cli). It starts no Python of its own beside that connection.
  - Passwords are taken out of everything it returns.
author: The FANNEL authors
extends_documentation_fragment:
  - fannel.network.step
"""

EXAMPLES = r"""
- name: Look at the device and judge
  fannel.network.check:
    event: "{{ ansible_eda.event }}"
  register: fannel_check
"""

RETURN = r"""
verdict:
  description: C(outcome) (confirmed, cleared, expected, inconclusive), C(reasons), C(evidence), C(facts).
  returned: always
  type: dict
outputs:
  description: What each command printed.
  returned: always
  type: list
  elements: dict
took_s:
  description: How long the login and the commands took, in seconds.
  returned: always
  type: float
waited:
  description: What was in the way of the login, when that took more than a few seconds.
  returned: always
  type: str
subject_name:
  description: The name of the interface, when the device had to be asked for it.
  returned: when asked
  type: str
"""
