"""A stand-in for Slack: what FANNEL calls of the Web API, with Slack's limits, errors and oddities, on loopback.

It is faithful where a mistake would hurt on call: threads and silent un-threading, rate limits, block validation,
answers that get lost; Socket Mode with stale tickets and redelivery. Views, direct messages and Enterprise Grid are
not here. `/` shows the channels as a phone would; `/_lab/…` injects faults, acts as a person, and dumps the state.
"""

from fannel.lab.slack.faults import Fault
from fannel.lab.slack.server import APP_TOKEN, BOT_TOKEN, SlackStandIn, running, serve

__all__ = ["APP_TOKEN", "BOT_TOKEN", "Fault", "SlackStandIn", "running", "serve"]
