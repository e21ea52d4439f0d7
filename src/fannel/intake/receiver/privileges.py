"""Root binds the ports; what reads the network is somebody who may do nothing else."""

from __future__ import annotations

import os
import pwd

ROOT = 0


class PrivilegeError(Exception):
    """The user cannot be had. One line that says what would help."""


def become(name: str) -> None:
    """Be this user and nobody else from now on, groups included, without a way back.

    Raises:
        PrivilegeError: there is no such user, this process may not become it, or could become root again.
    """
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise PrivilegeError(f"receiver.user = {name}: no such user: create it, or name another") from None
    if os.geteuid() == user.pw_uid != ROOT:
        return
    try:
        os.initgroups(name, user.pw_gid)
        os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    except PermissionError:
        what = f"receiver.user = {name}: only root can become another user"
        raise PrivilegeError(f"{what}: start it as root, or leave receiver.user out") from None
    if user.pw_uid != ROOT and not _is_final():
        what = f"receiver.user = {name}: this process could become root again"
        raise PrivilegeError(f"{what}: take CAP_SETUID from it (a service manager gave it), or start it as {name}")


def is_root() -> bool:
    """Whether this process may do anything."""
    return os.geteuid() == ROOT


def _is_final() -> bool:
    """Whether nothing is left of root."""
    for regain in (os.setuid, os.setgid):
        try:
            regain(ROOT)
        except PermissionError:
            continue
        return False
    return ROOT not in {*os.getresuid(), *os.getresgid(), *os.getgroups()}
