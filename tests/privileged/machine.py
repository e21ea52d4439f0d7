"""What these tests need of the machine. Whatever is missing skips them, by name; `.ci/run` installs all of it."""

import os
import shutil

import pytest

# Program → the Debian package that has it. FRR's daemons and Debian's sbin are not on everyone's PATH.
PROGRAMS = {
    "ip": "iproute2",
    "snmptrap": "snmp",
    "snmpinform": "snmp",
    "snmpd": "snmpd",
    "sshd": "openssh-server",
    "vtysh": "frr",
    "unshare": "util-linux",
    "useradd": "passwd",
    "userdel": "passwd",
    "chpasswd": "passwd",
    "ssh-keygen": "openssh-client",
    "zebra": "frr",
    "ospfd": "frr",
    "bgpd": "frr",
}
EXTRA_PATHS = ("/usr/sbin", "/sbin", "/usr/lib/frr")


def program(name: str) -> str:
    """The path of a program, or a skip that names what to install."""
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *EXTRA_PATHS]))
    if path is None:
        pytest.skip(f"needs {name} (Debian package {PROGRAMS[name]})")
    return path


def need_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
