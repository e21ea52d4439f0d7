"""`fannel check run` from the NOC: a login over SSH to r1, whose vtysh answers, and the verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path

from router_lab import RouterLab


def run_check(lab: RouterLab, folder: Path, problem: str, *options: str) -> dict:
    """What it prints as JSON."""
    host = {"ansible_host": lab.r1.address, "ansible_network_os": "fannel.network.frr", "ansible_user": lab.user}
    host |= {"ansible_password": lab.password, "ansible_connection": "ansible.netcommon.network_cli"}
    host |= {"ansible_network_cli_ssh_type": "libssh", "ansible_host_key_checking": False}
    host |= {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    (folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"r1": host}}}))
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("FANNEL_", "PAGODA_"))}
    environ |= {"FANNEL_DATABASE__URL": f"sqlite:///{folder}/fannel.sqlite3", "HOME": str(folder)}
    fannel = Path(sys.executable).with_name("fannel")
    command = [fannel, "check", "run", "r1", problem, "--json", "--inventory", "hosts.yml", *options]
    with lab.enter():
        done = subprocess.run(
            command, env=environ, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
    assert done.stdout, done.stderr
    assert lab.password not in done.stdout + done.stderr
    return json.loads(done.stdout)
