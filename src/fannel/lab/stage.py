"""A whole network to run FANNEL against: devices, pagoda and Slack on free loopback ports, and nothing left behind.

with Stage(folder) as stage:
start_fannel(env=os.environ | stage.environ)
stage.send(stage.devices.cut("rt-tyo-01.example.net", "GigabitEthernet0/3"))
stage.slack.workspace.messages[CHANNEL]
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from fannel.lab.devices.control import LabControl
from fannel.lab.devices.lab import LabDevices
from fannel.lab.pagoda import LAB_TOKEN, PagodaStandIn
from fannel.lab.slack.server import APP_TOKEN, BOT_TOKEN, SlackStandIn, running

if TYPE_CHECKING:
    from pathlib import Path

CHANNEL = "C0ALERTS01"


class Stage:
    """The stand-ins, running while the block lasts. `environ` points FANNEL at them; `folder` holds what it keeps."""

    def __init__(
        self,
        folder: Path,
        *,
        network: Path | None = None,
        on_record: Path | None = None,
        slack: SlackStandIn | None = None,
    ) -> None:
        """`network` is what there is; `on_record` what pagoda knows of it, the same unless told."""
        self.devices = LabDevices(network)
        self.pagoda = PagodaStandIn(on_record or network)
        self.slack = slack or SlackStandIn()
        self.control = LabControl(self.devices)
        self.control_url = ""
        self.trap_port = self.syslog_port = 0
        self.environ: dict[str, str] = {}
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            ssh_port = self.devices.start()
            stack.callback(self.devices.stop)
            pagoda_url = self.pagoda.start()
            stack.callback(self.pagoda.stop)
            stack.enter_context(running(self.slack))
            self.trap_port, self.syslog_port = free_udp_port(), free_udp_port()
            traps_to, syslog_to = ("127.0.0.1", self.trap_port), ("127.0.0.1", self.syslog_port)
            self.control = LabControl(self.devices, trap_target=traps_to, syslog_target=syslog_to)
            self.control_url = self.control.start()
            stack.callback(self.control.stop)
            self.environ = {
                "PAGODA_URL": pagoda_url,
                "PAGODA_TOKEN": LAB_TOKEN,
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_APP_TOKEN": APP_TOKEN,
                "FANNEL_SLACK__API_URL": self.slack.api_url,
                "FANNEL_SLACK__CHANNEL": CHANNEL,
                "FANNEL_DATABASE__URL": f"sqlite:///{self._folder.resolve()}/fannel.sqlite3",
                "FANNEL_SPOOL__DIRECTORY": f"{self._folder.resolve()}/spool",
                "FANNEL_TRAP__HOST": "127.0.0.1",
                "FANNEL_TRAP__PORT": str(self.trap_port),
                "FANNEL_SYSLOG__UDP": f"127.0.0.1:{self.syslog_port}",
                "FANNEL_LAB_SSH_PORT": str(ssh_port),
            }
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def act(self, host: str, action: str, interface: str) -> None:
        """cut, restore or shut down a port; the devices notify FANNEL, each from its own address."""
        self.control.act(host, action, interface)


def free_udp_port() -> int:
    """A UDP port nobody uses on loopback at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
