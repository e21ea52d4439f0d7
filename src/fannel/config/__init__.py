"""Settings: one model, read once, wrong at start or not at all.

Defaults < `fannel.toml` (or the file `FANNEL_CONFIG` names) < environment. `PAGODA_URL`, `PAGODA_TOKEN`,
`SLACK_BOT_TOKEN`, `SLACK_APP_TOKEN` go by their usual names, everything else is `FANNEL_<SECTION>__<KEY>`. A secret
may also come from a file (`…_FILE`, or `…_file` in the TOML). Secrets never appear in an error, a repr or a dump.
"""

from fannel.config.address import Address
from fannel.config.content import Checks, Kinds, Mibs
from fannel.config.explain import DEFAULT_FILE, ConfigError, explain
from fannel.config.faults import Flap, Incidents, Leases
from fannel.config.load import export, load
from fannel.config.permissions import Permissions
from fannel.config.settings import (
    Database,
    Health,
    Log,
    Pagoda,
    Quiet,
    QuietExpectation,
    Receiver,
    Settings,
    Site,
    Slack,
    Spool,
    Storm,
    Trap,
)
from fannel.config.syslog import Syslog, SyslogZone
from fannel.config.users import TrapUser

__all__ = [
    "DEFAULT_FILE",
    "Address",
    "Checks",
    "ConfigError",
    "Database",
    "Flap",
    "Health",
    "Incidents",
    "Kinds",
    "Leases",
    "Log",
    "Mibs",
    "Pagoda",
    "Permissions",
    "Quiet",
    "QuietExpectation",
    "Receiver",
    "Settings",
    "Site",
    "Slack",
    "Spool",
    "Storm",
    "Syslog",
    "SyslogZone",
    "Trap",
    "TrapUser",
    "explain",
    "export",
    "load",
]
