"""pagoda, the single source of truth, as FANNEL needs it: who sent this, and which interface is meant.

`HostDirectory` is what a running FANNEL asks; `Reader` is what the inventory plugin uses; `PagodaClient` speaks to
pagoda; `Directory` is the index; `to_host()` and `enrich_subject()` turn answers into parts of an event.
"""

from fannel.directory.client import PagodaClient
from fannel.directory.directory import Device, Directory, Interface, Lookup
from fannel.directory.enrich import enrich_subject, to_host
from fannel.directory.errors import PagodaError
from fannel.directory.host_directory import HostDirectory
from fannel.directory.mapping import DeviceMapping, InterfaceMapping, Mapping, os_name
from fannel.directory.reader import Reader

__all__ = [
    "Device",
    "DeviceMapping",
    "Directory",
    "HostDirectory",
    "Interface",
    "InterfaceMapping",
    "Lookup",
    "Mapping",
    "PagodaClient",
    "PagodaError",
    "Reader",
    "enrich_subject",
    "os_name",
    "to_host",
]
