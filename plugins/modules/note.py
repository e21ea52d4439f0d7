# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""Documentation of the action fannel.network.note; what it does is in plugins/action/note.py."""

DOCUMENTATION = r"""
---
module: note
short_description: Say what nobody logs in for
version_added: "0.1.0"
description:
  - An event with an incident (a fault on a device nobody can look at) gets its thread; every other event one message.
options:
  event:
    description: The event a rule matched, C(ansible_eda.event).
    type: dict
    required: true
notes:
  - Runs inside ansible-playbook on the controller; it needs no connection to the device.
  - Reads the same settings as the event source (C(FANNEL_CONFIG), C(fannel.toml), environment).
  - May be repeated; what was posted is not posted again.
author: The FANNEL authors
"""

EXAMPLES = r"""
- name: Say it
  fannel.network.note:
    event: "{{ ansible_eda.event }}"
"""

RETURN = r"""
"""
