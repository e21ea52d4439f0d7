"""fannel.network.pagoda, run by the real ansible-inventory and ansible-playbook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fannel.config import export, load
from fannel.directory.client import PagodaClient
from fannel.directory.host_directory import HostDirectory
from fannel.directory.open import open_directory
from fannel.lab.pagoda import LAB_TOKEN, Account, Fault, PagodaStandIn

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
RT_TYO, RT_OSA, FRR = "rt-tyo-01.example.net", "rt-osa-01.example.net", "frr-tyo-01.example.net"


@pytest.fixture
def lab():
    stand_in = PagodaStandIn()
    stand_in.url = stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def run(lab, tmp_path):
    """Runs an Ansible command far from the checkout, with the environment `fannel run` would give it."""

    def run_(program, *args, check=True, **env):
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PAGODA_URL": lab.url,
            "PAGODA_TOKEN": LAB_TOKEN,
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            "LC_ALL": "C.UTF-8",
            **env,
        }
        done = subprocess.run(
            [BIN / program, *map(str, args)],
            env={name: value for name, value in given.items() if value is not None},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run_


def plain(value):
    """The inventory without Ansible's marks for text that is not trusted."""
    if isinstance(value, dict):
        return (
            plain(value["__ansible_unsafe"])
            if set(value) == {"__ansible_unsafe"}
            else {key: plain(item) for key, item in value.items()}
        )
    return [plain(item) for item in value] if isinstance(value, list) else value


def listed(done):
    inventory = plain(json.loads(done.stdout))
    return inventory.pop("_meta")["hostvars"], inventory


def searches(lab):
    return [call for call in lab.calls if call.path.endswith("/advanced_search/")]


def test_the_shipped_file_works_when_copied_alone(run, tmp_path):
    copied = shutil.copy(ROOT / "inventory/pagoda.yml", tmp_path / "hosts.yml")
    hosts, groups = listed(run("ansible-inventory", "-i", copied, "--list"))
    assert hosts[RT_TYO] == {
        "ansible_host": "127.0.1.1",
        "ansible_network_os": "cisco.ios.ios",
        "ansible_connection": "ansible.netcommon.network_cli",
        "pagoda_id": hosts[RT_TYO]["pagoda_id"],
        "pagoda_os": "ios",
        "pagoda_platform": "Cisco IOS-XE",
        "pagoda_role": "core",
        "pagoda_site": "Tokyo DC1",
        "pagoda_status": "active",
    }
    assert len(hosts) == 6
    assert groups["site_Osaka_DC1"]["hosts"] == ["ex-osa-01.example.net", RT_OSA]
    assert groups["role_core"]["hosts"] == [RT_OSA, RT_TYO]
    assert groups["platform_Cisco_IOS_XE"]["hosts"] == groups["os_ios"]["hosts"] == [RT_TYO]


def test_the_lab_inventory_knows_how_to_log_in(run, tmp_path):
    shutil.copytree(ROOT / "inventory/lab", tmp_path / "lab")
    playbook = tmp_path / "say.yml"
    playbook.write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.debug:\n"
        "        msg: '{{ inventory_hostname }} {{ ansible_port }} {{ ansible_become | default(false) }}'\n"
    )
    done = run("ansible-playbook", "-i", tmp_path / "lab", playbook, FANNEL_LAB_SSH_PORT="2345")
    assert f"{RT_TYO} 2345 True" in done.stdout
    assert f"{RT_OSA} 2345 False" in done.stdout


def test_what_is_for_the_lab_stays_in_the_lab(run):
    done = run("ansible-inventory", "--host", RT_TYO, ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"))
    given = json.loads(done.stdout)
    assert given["pagoda_site"] == "Tokyo DC1"
    assert not {"ansible_user", "ansible_password", "ansible_host_key_checking"} & set(given)


def test_with_a_limit_of_host_names_only_these_are_fetched(lab, run):
    done = run("ansible-inventory", "-i", ROOT / "inventory/pagoda.yml", "--list", "--limit", f"{RT_TYO},{FRR}")
    hosts, _ = listed(done)
    assert set(hosts) == {RT_TYO, FRR}
    (search,) = searches(lab)
    assert search.body["hint_entry"] == {"filter_key": 1, "keyword": f"^{FRR}$|^{RT_TYO}$"}


def test_with_a_limit_that_names_a_group_everything_is_fetched(lab, run):
    done = run("ansible-inventory", "-i", ROOT / "inventory/pagoda.yml", "--list", "--limit", "site_Osaka_DC1")
    assert set(listed(done)[0]) == {RT_OSA, "ex-osa-01.example.net"}
    assert "hint_entry" not in searches(lab)[-1].body


@pytest.mark.parametrize("subset", ["rt-*", "all:!os_ios", "~rt.*", "@hosts.txt", "rt-tyo-01.example.net[0]"])
def test_a_limit_that_is_a_pattern_is_not_taken_for_names(subset):
    from ansible.inventory.manager import split_host_pattern

    from fannel.host_name import is_host_name

    assert not all(map(is_host_name, split_host_pattern(subset)))


def test_options_change_names_filters_groups_and_variables(lab, run, tmp_path):
    lab.records.add(
        {
            "models": {"Router": {"loopback": "string", "state": {"type": "select", "choices": ["up", "gone"]}}},
            "items": {
                "Router": {
                    "r1": {"loopback": "192.0.2.1", "state": "up"},
                    "r2": {"loopback": "192.0.2.2", "state": "gone"},
                    "r3": {"loopback": "192.0.2.3"},
                }
            },
        }
    )
    config = tmp_path / "site.yml"
    config.write_text(
        "plugin: fannel.network.pagoda\n"
        f"url: {lab.url}\n"
        "token_file: token\n"
        "statuses: [up]\n"
        "mapping: {model: Router, management_ip: loopback, status: state, network_os: , platform: , site: , role: ,\n"
        "          source_addresses: }\n"
        "strict: true\n"
        "compose: {ansible_port: '2222', where: 'pagoda_status ~ \"-\" ~ ansible_host'}\n"
        "groups: {all_up: pagoda_status == 'up'}\n"
        "keyed_groups: [{key: pagoda_status, prefix: 'is '}]\n"
    )
    token = tmp_path / "token"
    token.write_text(LAB_TOKEN + "\n")
    done = run("ansible-inventory", "-i", config, "--list", PAGODA_URL=None, PAGODA_TOKEN=None)
    hosts, groups = listed(done)
    assert set(hosts) == {"r1"}
    assert (hosts["r1"]["ansible_port"], hosts["r1"]["where"]) == (2222, "up-192.0.2.1")
    assert groups["all_up"]["hosts"] == groups["is__up"]["hosts"] == ["r1"]


def test_hostile_values_are_data_everywhere(lab, run, tmp_path):
    fired = tmp_path / "fired"
    evil = "{{ lookup('pipe', 'touch " + str(fired) + "') }}"
    lab.records.put("Site", evil, {})
    lab.records.put("Platform", evil, {"ansible_network_os": evil})
    for name in ("rt-x.example.net", evil, "../x", "a b", "all", "a\nb", "x" * 10_000, "$(touch x)", "a\u202eb"):
        lab.records.put(
            "NetworkDevice", name, {"management_ip": "127.0.1.9", "site": evil, "platform": evil, "status": "active"}
        )
    config = tmp_path / "hosts.yml"
    config.write_text(
        (ROOT / "inventory/pagoda.yml").read_text()
        + "compose: {copied: pagoda_site, joined: '\"at \" ~ pagoda_site', pagoda_os: ansible_network_os}\n"
    )
    hosts, groups = listed(done := run("ansible-inventory", "-i", config, "--list"))
    assert hosts["rt-x.example.net"]["pagoda_site"] == hosts["rt-x.example.net"]["copied"] == evil
    assert hosts["rt-x.example.net"]["joined"] == f"at {evil}"
    assert len(hosts) == 7
    assert done.stderr.count("cannot be the name of a host") == 8
    (group,) = [name for name in groups if name.startswith("site____")]
    assert "{" not in group

    playbook = tmp_path / "use.yml"
    playbook.write_text(
        "- hosts: rt-x.example.net\n  gather_facts: false\n  connection: local\n  tasks:\n"
        "    - ansible.builtin.debug:\n"
        "        msg: '{{ pagoda_site }} {{ copied }} {{ joined }} {{ hostvars[inventory_hostname].pagoda_os }}'\n"
        "    - ansible.builtin.set_fact: {again: '{{ pagoda_site }}'}\n"
        "    - ansible.builtin.debug: {var: again}\n"
    )
    done = run("ansible-playbook", "-i", config, "-e", "ansible_connection=local", playbook)
    assert done.stdout.count("lookup(") >= 5
    assert not fired.exists()


def test_a_template_in_the_inventory_file_itself_does_run(lab, run, tmp_path):
    """The counterpart of the test above: the same lookup fires where it may, so the trap is a real one."""
    fired = tmp_path / "fired"
    config = tmp_path / "hosts.yml"
    config.write_text("plugin: fannel.network.pagoda\ncompose: {x: \"lookup('pipe', 'touch " + str(fired) + "')\"}\n")
    run("ansible-inventory", "-i", config, "--list")
    assert fired.exists()


@pytest.mark.parametrize(
    ("env", "fault", "words"),
    [
        ({"PAGODA_URL": None}, Fault.NONE, "no URL: set PAGODA_URL"),
        ({"PAGODA_TOKEN": None}, Fault.NONE, "no token: set PAGODA_TOKEN"),
        ({"PAGODA_TOKEN": "wrong-token-123"}, Fault.NONE, "Invalid token"),
        ({}, Fault.ERROR_PAGE, "answered 500: OperationalError"),
    ],
    ids=["no url", "no token", "wrong token", "pagoda broken"],
)
def test_what_is_wrong_is_told_and_nothing_runs(lab, run, env, fault, words):
    lab.fault = fault
    done = run("ansible-inventory", "-i", ROOT / "inventory/pagoda.yml", "--list", check=False, **env)
    assert done.returncode != 0
    assert words in " ".join(done.stderr.split())
    assert "wrong-token-123" not in done.stdout + done.stderr


def test_a_mapping_with_a_misspelt_name_is_told(run, tmp_path):
    config = tmp_path / "hosts.yml"
    config.write_text("plugin: fannel.network.pagoda\nmapping: {managment_ip: x}\n")
    done = run("ansible-inventory", "-i", config, "--list", check=False)
    assert "mapping: no such name: managment_ip; there are: model, management_ip" in " ".join(done.stderr.split())


@pytest.fixture
def site_file(lab, tmp_path):
    """The settings of a site that calls things otherwise, as `fannel run` names them to its playbooks."""
    lab.records.add(
        {
            "models": {"Router": {"loopback": "string", "os": "string"}},
            "items": {"Router": {"r1.example.net": {"loopback": "192.0.2.1", "os": "arista.eos.eos"}}},
        }
    )
    file = tmp_path / "etc" / "fannel.toml"
    file.parent.mkdir()
    names = {"source_addresses": "", "platform": "", "site": "", "role": "", "status": ""}
    names |= {"model": "Router", "management_ip": "loopback", "network_os": "os"}
    file.write_text("[pagoda.device]\n" + "".join(f'{name} = "{called}"\n' for name, called in names.items()))
    return file


def test_the_names_of_fannels_settings_are_the_inventorys(run, site_file):
    hosts, _ = listed(
        run("ansible-inventory", "-i", ROOT / "inventory/pagoda.yml", "--list", FANNEL_CONFIG=str(site_file))
    )
    assert {name: given["ansible_host"] for name, given in hosts.items()} == {"r1.example.net": "192.0.2.1"}


def test_a_name_of_the_inventory_file_wins_over_the_settings(run, site_file, tmp_path):
    config = tmp_path / "hosts.yml"
    config.write_text("plugin: fannel.network.pagoda\nmapping: {network_os: null}\n")
    hosts, _ = listed(run("ansible-inventory", "-i", config, "--list", FANNEL_CONFIG=str(site_file)))
    assert "ansible_network_os" not in hosts["r1.example.net"]


def test_what_a_site_with_names_of_its_own_kept_is_used_while_pagoda_is_down(lab, run, site_file):
    settings = load({"FANNEL_CONFIG": str(site_file), "PAGODA_URL": lab.url, "PAGODA_TOKEN": LAB_TOKEN})
    open_directory(settings.pagoda).refresh()
    env = {}
    export(settings, env, cwd=site_file.parent)
    lab.fault = Fault.DROP
    hosts, _ = listed(run("ansible-inventory", "-i", ROOT / "inventory/pagoda.yml", "--list", **env))
    assert set(hosts) == {"r1.example.net"}


def test_settings_that_cannot_be_read_are_told(run, tmp_path):
    (tmp_path / "fannel.toml").write_text("[pagoda")
    done = run(
        "ansible-inventory", "-i", ROOT / "inventory/pagoda.yml", "--list", check=False, FANNEL_CONFIG="fannel.toml"
    )
    assert "mapping_file:" in done.stderr
    assert "is not TOML" in " ".join(done.stderr.split())


@pytest.fixture
def kept(lab, tmp_path):
    """The file that a FANNEL with this pagoda keeps."""
    path = tmp_path / "var" / "directory.json"
    HostDirectory(PagodaClient(lab.url, LAB_TOKEN), cache_file=path).refresh()
    return path


@pytest.fixture
def say(tmp_path):
    """A playbook that reports from every host it reaches, and from where."""
    playbook = tmp_path / "say.yml"
    playbook.write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.debug:\n"
        "        msg: 'reached {{ inventory_hostname }} {{ group_names | join(\" \") }} by {{ ansible_connection }}'\n"
        "    - ansible.builtin.command: hostname\n"
        "      when: ansible_connection == 'ansible.builtin.local'\n"
    )
    return playbook


def test_while_pagoda_is_down_a_run_reaches_the_host_that_was_kept(lab, run, kept, say):
    lab.fault = Fault.DROP
    inventory, env = ROOT / "inventory/pagoda.yml", {"FANNEL_PAGODA__CACHE_FILE": str(kept)}
    done = run("ansible-playbook", "-i", inventory, "--limit", RT_TYO, "-e", "ansible_connection=local", say, **env)
    assert f"reached {RT_TYO} os_ios platform_Cisco_IOS_XE role_core site_Tokyo_DC1" in done.stdout
    assert "Using the list of" in " ".join(done.stderr.split())


def test_what_was_kept_makes_the_same_inventory_as_pagoda(lab, run, kept, tmp_path):
    config = tmp_path / "hosts.yml"
    config.write_text((ROOT / "inventory/pagoda.yml").read_text() + f"fallback_file: {kept}\n")
    sound = run("ansible-inventory", "-i", config, "--list")
    lab.fault = Fault.ERROR_PAGE
    broken = run("ansible-inventory", "-i", config, "--list")
    assert listed(broken) == listed(sound)
    assert "answered 500" in broken.stderr
    assert "Using the list of" not in sound.stderr


def test_a_silent_pagoda_holds_a_run_up_for_no_longer_than_allowed(lab, run, kept, tmp_path):
    lab.fault, lab.delay_s = Fault.SLOW, 60
    config = tmp_path / "hosts.yml"
    config.write_text(f"plugin: fannel.network.pagoda\nfallback_file: {kept}\nfallback_after: 0.5\n")
    began = time.monotonic()
    hosts, _ = listed(run("ansible-inventory", "-i", config, "--list", "--limit", RT_TYO))
    assert set(hosts) == {RT_TYO}
    assert time.monotonic() - began < 20, "without the file it is 60"


def test_what_was_kept_of_another_pagoda_is_an_error(lab, run, kept):
    other = {"PAGODA_URL": "http://127.0.0.1:9", "FANNEL_PAGODA__CACHE_FILE": str(kept)}
    inventory = ROOT / "inventory/pagoda.yml"
    done = run("ansible-inventory", "-i", inventory, "--list", "--limit", RT_TYO, check=False, **other)
    assert done.returncode != 0
    assert "cannot stand in for it: it is of another pagoda" in " ".join(done.stderr.split())


def test_an_empty_variable_names_no_file(lab, run):
    lab.fault = Fault.ERROR_PAGE
    off = {"FANNEL_PAGODA__CACHE_FILE": ""}
    done = run("ansible-inventory", "-i", ROOT / "inventory/pagoda.yml", "--list", check=False, **off)
    assert done.returncode != 0
    assert "stand in" not in done.stderr


STATIC = "all: {hosts: {spare.example.net: {ansible_connection: local}}}\n"
OWN = "all: {hosts: {localhost: {ansible_connection: local, mine: true}}}\n"


@pytest.mark.parametrize(("static", "shown"), [(STATIC, "ansible.builtin.local"), (OWN, "local")], ids=["", "its own"])
def test_a_run_on_localhost_needs_no_pagoda(lab, run, say, tmp_path, static, shown):
    lab.fault = Fault.DROP
    folder = tmp_path / "inventory"
    folder.mkdir()
    shutil.copy(ROOT / "inventory/pagoda.yml", folder / "pagoda.yml")
    (folder / "static.yml").write_text(static)
    done = run("ansible-playbook", "-i", folder, "--limit", "localhost", say)
    assert f"reached localhost ungrouped by {shown}" in done.stdout
    assert "spare.example.net" not in done.stdout
    assert done.stderr == ""
    assert lab.calls == []


def test_localhost_may_be_among_others(lab, run, say):
    hosts, _ = listed(
        run("ansible-inventory", "-i", ROOT / "inventory/pagoda.yml", "--list", "--limit", f"localhost,{RT_TYO}")
    )
    assert set(hosts) == {"localhost", RT_TYO}
    assert hosts["localhost"]["ansible_connection"] == "ansible.builtin.local"
    assert len(searches(lab)) == 1


def test_without_a_limit_there_is_no_localhost(run):
    hosts, _ = listed(run("ansible-inventory", "-i", ROOT / "inventory/pagoda.yml", "--list"))
    assert "localhost" not in hosts


class TestCache:
    @pytest.fixture
    def hosts(self, run, tmp_path):
        """Lists the inventory of a file that keeps its answers; more lines for that file, environment and limit."""

        def hosts_(more="", *args, **env):
            source = tmp_path / "cached.yml"
            source.write_text(
                "plugin: fannel.network.pagoda\ncache: true\ncache_plugin: ansible.builtin.jsonfile\n"
                f"cache_connection: {tmp_path}/cache\n{more}"
            )
            return listed(run("ansible-inventory", "-i", source, "--list", *args, **env))[0]

        return hosts_

    def test_a_second_run_asks_nobody_and_knows_the_same(self, lab, hosts):
        first = hosts()
        asked = len(lab.calls)
        assert hosts() == first
        assert len(lab.calls) == asked

    def test_another_account_is_not_shown_what_the_first_may_read(self, lab, hosts):
        hosts()
        lab.accounts["other"] = Account(hidden_items=frozenset({FRR}))
        assert "ansible_host" not in hosts(PAGODA_TOKEN="other").get(FRR, {})

    def test_another_status_list_and_another_mapping_are_asked_for(self, lab, hosts):
        hosts()
        asked = len(searches(lab))
        hosts("statuses: [planned]\n")
        hosts("mapping: {role: }\n")
        assert len(searches(lab)) == asked + 2

    def test_a_limit_has_a_place_of_its_own(self, lab, hosts):
        assert set(hosts("", "--limit", RT_TYO)) == {RT_TYO}
        assert len(hosts()) == 6

    def test_what_was_flushed_is_asked_for_again(self, lab, hosts):
        hosts()
        lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
        assert len(hosts("", "--flush-cache")) == 7

    def test_what_another_release_kept_is_asked_for_again(self, lab, hosts, tmp_path):
        first = hosts()
        (kept,) = (tmp_path / "cache").iterdir()
        kept.write_text(kept.read_text().replace("pagoda_id", "pagoda_ix"))
        assert hosts() == first

    def test_the_list_of_an_outage_is_not_kept_as_fresh(self, lab, hosts, kept):
        lab.fault = Fault.ERROR_PAGE
        assert len(hosts(FANNEL_PAGODA__CACHE_FILE=str(kept))) == 6
        lab.fault = Fault.NONE
        lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
        assert len(hosts(FANNEL_PAGODA__CACHE_FILE=str(kept))) == 7
