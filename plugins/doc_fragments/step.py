# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""What the documentation of the collection's actions shares."""


class ModuleDocFragment:
    """`extends_documentation_fragment: fannel.network.step` (and `.step.incident`)."""

    DOCUMENTATION = r"""
options:
  event:
    description: The event a rule matched, C(ansible_eda.event).
    type: dict
    required: true
"""

    INCIDENT = r"""
options: {}
notes:
  - Runs inside ansible-playbook on the controller; it needs no connection to the device.
  - Reads the same settings as the event source (C(FANNEL_CONFIG), C(fannel.toml), environment).
  - May be repeated; what was posted is not posted again.
"""
