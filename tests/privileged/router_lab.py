"""Two real routers and a place to watch them from, in network namespaces with no way out.

    noc ── bridge ─┬─ eth0 r1 eth1 ───── eth1 r2 eth0 ─┬─ bridge ── noc
    198.18.0.1     .11                              .12        (198.18.0.0/15 is for benchmarks: RFC 2544)

Each router is FRR (zebra, ospfd, bgpd and what more is asked for), net-snmp's snmpd (which polls the interfaces and
sends linkDown and linkUp to the NOC) and an sshd whose only command is vtysh. Everything they write is in one folder;
what the machine keeps while they run is three namespaces and one user, and `down()` removes both. A thread enters the
NOC with `enter()`, and what it starts is there, too.
"""

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from machine import need_root, program

NOC = "fannel-noc"
NOC_ADDRESS = "198.18.0.1"
BRIDGE = "br0"
USER = "fannel-lab"
CLONE_NEWNET = 0x40000000
START_TIMEOUT_S = 15.0
LINK_DOWN, LINK_UP = ".1.3.6.1.6.3.1.1.5.3", ".1.3.6.1.6.3.1.1.5.4"
IF_INDEX, IF_DESCR, IF_ADMIN, IF_OPER = (f".1.3.6.1.2.1.2.2.1.{column}" for column in (1, 2, 7, 8))

SNMPD_CONF = """\
agentAddress udp:{address}:161
sysName {name}
rocommunity public
# The monitors ask the agent itself, as this user.
createUser monitor SHA {secret} AES {secret}
rouser monitor
iquerySecName monitor
master agentx
agentXSocket unix:{folder}/agentx
agentXPerms 0777 0755
trapcommunity public
trap2sink {noc}:{trap_port}
# What `linkUpDownNotifications yes` means, but asked every second, and with OIDs: Debian's main has no IF-MIB text.
notificationEvent down {link_down} -o {index} -o {admin} -o {oper}
notificationEvent up {link_up} -o {index} -o {admin} -o {oper}
monitor -S -r 1 -e down "an interface went down" {oper} == 2
monitor -S -r 1 -e up "an interface came up" {oper} != 2
"""

FRR_CONF = """\
frr defaults traditional
hostname {name}
agentx
interface eth1
 description core link to {peer_name}
 ip ospf hello-interval 1
 ip ospf dead-interval 4
router ospf
 ospf router-id {address}
 network 198.19.0.0/30 area 0
router bgp {asn}
 bgp router-id {address}
 no bgp ebgp-requires-policy
 neighbor {peer_link} remote-as {peer_asn}
 neighbor {peer_link} timers 3 9
 neighbor {peer_link} timers connect 2
"""

SSHD_CONF = """\
ListenAddress {address}
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AllowUsers {user}
AuthenticationMethods password
UsePAM no
PrintMotd no
PrintLastLog no
ForceCommand {vtysh} --vty_socket {folder} --config_dir {folder}
"""


@dataclass(frozen=True, slots=True)
class Router:
    """One router: its namespace, its addresses, the folder its daemons write to."""

    name: str
    number: int
    folder: Path

    @property
    def namespace(self) -> str:
        return f"fannel-{self.name}"

    @property
    def address(self) -> str:
        return f"198.18.0.{10 + self.number}"

    @property
    def link_address(self) -> str:
        return f"198.19.0.{self.number}"

    @property
    def asn(self) -> int:
        return 65010 + self.number


class RouterLab:
    """Brings the lab up, pulls its cable, takes it down. `user` and `password` log in to both routers."""

    def __init__(self, trap_port: int, *more_daemons: str):
        self.trap_port = trap_port
        self._more_daemons = more_daemons
        self.user = USER
        self.password = secrets.token_hex(12)
        self.folder = Path(tempfile.gettempdir()) / f"fannel-lab-{os.getpid()}"
        self.r1, self.r2 = (Router(f"r{number}", number, self.folder / f"r{number}") for number in (1, 2))

    def up(self) -> None:
        self.down()
        # Not pytest's tmp_path: FRR's daemons run as user frr and must get through to it.
        self.folder.mkdir(mode=0o755)
        self.folder.chmod(0o755)  # whatever the umask is
        self._add_user()
        self._wire()
        for router, peer in ((self.r1, self.r2), (self.r2, self.r1)):
            self._configure(router, peer)
            self._start(router)

    def down(self) -> None:
        """Remove everything; also what an earlier run left that was killed."""
        for namespace in (self.r1.namespace, self.r2.namespace, NOC):
            for pid in _ip("netns", "pids", namespace, check=False).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            _ip("netns", "delete", namespace, check=False)
        _run(program("userdel"), USER, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def pull_the_cable(self) -> None:
        """Cut r1's link to r2 at the far end: r1 loses the carrier of an interface it wants up."""
        _ip("-n", self.r2.namespace, "link", "set", "eth1", "down")

    def plug_the_cable(self) -> None:
        _ip("-n", self.r2.namespace, "link", "set", "eth1", "up")

    def freeze(self, router: Router, *daemons: str) -> None:
        """Let these daemons say nothing more, with their links up."""
        self._signal(router, daemons, signal.SIGSTOP)

    def thaw(self, router: Router, *daemons: str) -> None:
        self._signal(router, daemons, signal.SIGCONT)

    def _signal(self, router: Router, daemons: tuple[str, ...], number: signal.Signals) -> None:
        for daemon in daemons:
            os.kill(int((router.folder / f"{daemon}.pid").read_text()), number)

    def shut(self, router: Router) -> None:
        """Take eth1 down on purpose, as an engineer does."""
        self.vtysh(router, "configure terminal", "interface eth1", "shutdown")

    def vtysh(self, router: Router, *commands: str) -> str:
        options = [part for command in commands for part in ("-c", command)]
        where = ["--vty_socket", str(router.folder), "--config_dir", str(router.folder)]
        return _run(program("vtysh"), *where, *options).stdout

    def ifindex(self, router: Router, interface: str) -> int:
        return int(_in(router, "cat", f"/sys/class/net/{interface}/ifindex").stdout)

    @contextlib.contextmanager
    def enter(self) -> Iterator[None]:
        """Move the calling thread into the NOC's namespace, and back."""
        with Path("/proc/thread-self/ns/net").open() as home, Path(f"/run/netns/{NOC}").open() as noc:
            _set_network_namespace(noc.fileno())
            try:
                yield
            finally:
                _set_network_namespace(home.fileno())

    def _add_user(self) -> None:
        options = ["--system", "--no-create-home", "--home-dir", "/", "--shell", "/bin/sh", "--groups", "frrvty"]
        _run(program("useradd"), *options, USER)
        _run(program("chpasswd"), input=f"{USER}:{self.password}\n")

    def _wire(self) -> None:
        for namespace in (NOC, self.r1.namespace, self.r2.namespace):
            _ip("netns", "add", namespace)
            _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("-n", NOC, "link", "add", BRIDGE, "type", "bridge")
        _ip("-n", NOC, "address", "add", f"{NOC_ADDRESS}/24", "dev", BRIDGE)
        _ip("-n", NOC, "link", "set", BRIDGE, "up")
        _ip(*f"-n {self.r1.namespace} link add eth1 type veth peer name eth1 netns {self.r2.namespace}".split())
        for router in (self.r1, self.r2):
            port = f"to-{router.name}"
            _ip(*f"-n {NOC} link add {port} type veth peer name eth0 netns {router.namespace}".split())
            _ip("-n", NOC, "link", "set", port, "master", BRIDGE, "up")
            for interface, address in (("eth0", f"{router.address}/24"), ("eth1", f"{router.link_address}/30")):
                _ip("-n", router.namespace, "address", "add", address, "dev", interface)
                _ip("-n", router.namespace, "link", "set", interface, "up")

    def _configure(self, router: Router, peer: Router) -> None:
        router.folder.mkdir()
        shutil.chown(router.folder, "frr", "frrvty")
        router.folder.chmod(0o775)
        values = {
            "name": router.name,
            "address": router.address,
            "asn": router.asn,
            "peer_name": peer.name,
            "peer_link": peer.link_address,
            "peer_asn": peer.asn,
            "noc": NOC_ADDRESS,
            "trap_port": self.trap_port,
            "folder": router.folder,
            "user": USER,
            "secret": secrets.token_hex(8),
            "vtysh": program("vtysh"),
            "link_down": LINK_DOWN,
            "link_up": LINK_UP,
            "index": IF_INDEX,
            "admin": IF_ADMIN,
            "oper": IF_OPER,
        }
        # net-snmp's library inside FRR reads the file named after the application; vtysh takes its prompt from its own.
        files = {
            "snmpd.conf": SNMPD_CONF,
            "frr.conf": FRR_CONF,
            "sshd_config": SSHD_CONF,
            "vtysh.conf": "hostname {name}\n",
            "snmp/frr.conf": "agentXSocket unix:{folder}/agentx\n",
        }
        for name, text in files.items():
            path = router.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.format_map(values))
        key = [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(router.folder / "host_key")]
        _run(*key)

    def _start(self, router: Router) -> None:
        folder = router.folder
        snmpd_environment = {"SNMP_PERSISTENT_DIR": str(folder / "snmp"), "MIBS": ""}
        snmpd_options = ["-LF", "6", str(folder / "snmpd.log"), "-p", str(folder / "snmpd.pid")]
        _in(router, program("snmpd"), *snmpd_options, "-C", "-c", str(folder / "snmpd.conf"), **snmpd_environment)
        _until((folder / "agentx").is_socket, f"snmpd of {router.name}", folder / "snmpd.log")
        for daemon in ("zebra", "ospfd", "bgpd", *self._more_daemons):
            options = ["--daemon", "--vty_socket", str(folder), "--socket", str(folder / "zserv")]
            options += ["--bfdctl", str(folder / "bfdd.sock")] if daemon == "bfdd" else ["-M", "snmp"]
            files = ["--pid_file", str(folder / f"{daemon}.pid"), "--log", f"file:{folder / daemon}.log"]
            # An empty file of its own: the configuration comes for all at once, below.
            (folder / f"{daemon}.conf").touch()
            files += ["--config_file", str(folder / f"{daemon}.conf")]
            _in(router, program(daemon), *options, *files, SNMPCONFPATH=str(folder / "snmp"), MIBS="")
        where = ["--vty_socket", str(folder), "--config_dir", str(folder)]
        _run(program("vtysh"), *where, "-f", str(folder / "frr.conf"))
        Path("/run/sshd").mkdir(exist_ok=True)
        _in(router, program("sshd"), "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log"))
        _until((folder / "sshd.pid").exists, f"sshd of {router.name}", folder / "sshd.log")


def _run(*command: str, check: bool = True, **options: object) -> subprocess.CompletedProcess:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=START_TIMEOUT_S, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return done


def _ip(*arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    return _run(program("ip"), *arguments, check=check)


def _in(router: Router, *command: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a command in the router's namespace; a daemon's command returns when it is up."""
    return _run(program("ip"), "netns", "exec", router.namespace, *command, env=os.environ | environment)


def _until(ready: Callable[[], bool], what: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not ready():
        assert time.monotonic() < deadline, f"{what} did not start:\n{log.read_text() if log.exists() else ''}"
        time.sleep(0.05)


def _set_network_namespace(descriptor: int) -> None:
    """setns(2), which Python has from 3.12 on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def wait_for_adjacency(lab: RouterLab) -> None:
    """Until both routers see each other: the link is up in the kernel and in OSPF."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while '"Full' not in lab.vtysh(lab.r1, "show ip ospf neighbor json"):
        assert time.monotonic() < deadline, "OSPF found no neighbour"
        time.sleep(0.2)


@contextlib.contextmanager
def router_lab(trap_port: int, *more_daemons: str) -> Iterator[RouterLab]:
    """The lab, up; skips where a machine cannot have one."""
    need_root()
    for name in ("ip", "snmpd", "sshd", "ssh-keygen", "vtysh", "zebra", "useradd"):
        program(name)
    probe = _run(program("unshare"), "--net", "--mount", "true", check=False)
    if probe.returncode != 0:
        pytest.skip(f"this root may not make namespaces: {probe.stderr.strip()}")
    lab = RouterLab(trap_port, *more_daemons)
    try:
        lab.up()
        yield lab
    finally:
        lab.down()
