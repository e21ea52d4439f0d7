"""Every option of the inventory plugin, as its file spells it, and the inventory it makes of the lab network.

A case is a folder: `hosts.yml`, `expected.json`, and `limit` where there is a --limit. Without an `expected.json` the
test fails and prints the one it would expect. Read by Ansible's own inventory manager, in this process.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fannel.lab.pagoda import LAB_TOKEN, PagodaStandIn

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir())
# What every case would repeat: it is in `smallest`, and in the tests of the plugin.
USUAL = {"ansible_connection": "ansible.netcommon.network_cli"}
OF_NO_INVENTORY = {"inventory_file", "inventory_dir", "ansible_python_interpreter"}


@pytest.fixture(scope="module")
def pagoda():
    stand_in = PagodaStandIn()
    stand_in.records.put("NetworkDevice", "sw-tyo-99.example.net", {"management_ip": "127.0.1.99", "status": "planned"})
    stand_in.url = stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture(scope="module")
def manager():
    from ansible import context
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader
    from ansible.utils.context_objects import CLIArgs

    # Another test of this process may have imported from collections; Ansible's own finder has to do it anew.
    for name in [name for name in sys.modules if name.partition(".")[0] == "ansible_collections"]:
        del sys.modules[name]
    init_plugin_loader()
    before = context.CLIARGS

    def read(path: Path, limit: str | None) -> InventoryManager:
        context.CLIARGS = CLIArgs({"subset": limit} if limit else {})
        return InventoryManager(loader=DataLoader(), sources=[str(path)])

    yield read
    context.CLIARGS = before


def shown(inventory) -> dict[str, object]:
    """Hosts with their variables and groups with their hosts, without what no option is about."""
    hosts = {}
    for host in sorted(inventory.get_hosts(), key=lambda host: host.name):
        given = {key: value for key, value in host.vars.items() if key not in OF_NO_INVENTORY | {"pagoda_id"}}
        hosts[str(host.name)] = {k: v for k, v in plain(given).items() if USUAL.get(k) != v}
    groups = {
        str(name): sorted(str(member.name) for member in (*group.hosts, *group.child_groups))
        for name, group in sorted(inventory.groups.items())
        if name not in ("all", "ungrouped")
    }
    return {"hosts": hosts, "groups": groups}


def plain(value):
    """A value without Ansible's tags."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    kind = next((kind for kind in (bool, int, float, str) if isinstance(value, kind)), None)
    return value if kind in (None, bool) else kind(value)


@pytest.mark.parametrize("case", CASES)
def test_a_file_makes_this_inventory(pagoda, manager, monkeypatch, tmp_path, case):
    folder = GOLDEN / case
    monkeypatch.setenv("PAGODA_URL", pagoda.url)
    monkeypatch.setenv("PAGODA_TOKEN", LAB_TOKEN)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text(LAB_TOKEN + "\n")
    limit = folder / "limit"
    found = shown(manager(folder / "hosts.yml", limit.read_text().strip() if limit.exists() else None))
    expected = folder / "expected.json"
    if not expected.exists():
        pytest.fail(f"{case} has no expected.json; it would be:\n{json.dumps(found, indent=1, sort_keys=True)}")
    assert found == json.loads(expected.read_text())
