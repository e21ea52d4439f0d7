"""What a process exports to Prometheus: its counters, what is waiting, how its vitals are; read when it is scraped.

Names and words are those of the counters. Every reason that is known is there from the start, as 0: a rate over a
series that begins with its first loss would miss that loss. A count that is in no table is exported all the same.
"""

from __future__ import annotations

import platform
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, get_args

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from fannel import __version__, logs
from fannel.intake.receiver.ledger import OUT_OF_THE_SPOOL
from fannel.intake.refusals import ReasonOfAnyVersion
from fannel.intake.vital import look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from prometheus_client.metrics_core import Metric

    from fannel.intake.vital import Vital

    Counts: TypeAlias = Mapping[tuple[str, str], int]

log = logs.Logger("fannel.metrics")


@dataclass(frozen=True, slots=True)
class Family:
    """One counter as Prometheus sees it; with `reasons`, one series for each. A level goes down, too."""

    counter: str
    metric: str
    help: str
    reasons: tuple[str, ...] = ()
    level: bool = False


@dataclass(frozen=True, slots=True)
class Gauge:
    """What `read` says at each scrape, in any thread. When it raises, the series is left out."""

    metric: str
    help: str
    read: Callable[[], float]


LOST_BEFORE_THE_SPOOL = ("kernel", "buffer_full", "spool_refused")
LOST_FROM_THE_SPOOL = tuple(sorted(OUT_OF_THE_SPOOL))
# SNMPv3's are those of wire.v3_receiver (a test holds them equal), which would bring cryptography along.
REJECTED = (
    *get_args(ReasonOfAnyVersion),
    "unsupported_security_model",
    "unknown_engine",
    "unknown_user",
    "unsupported_level",
    "wrong_digest",
    "not_in_time_window",
    "too_many_engines",
    "decryption_error",
    "replayed",
)

# Those of incidents.store.posts (a test holds them equal), which would bring SQLAlchemy along.
PRIORITIES = ("5", "10", "20", "30", "40", "50")

_NOTICES = Family("notices", "fannel_notices", "What the receiver itself had to say, by way of the spool.")
_CANARIES = Family("canaries", "fannel_canaries", "Notifications sent to itself that came through to this process.")
_REJECTED = Family("rejected", "fannel_datagrams_rejected", "Datagrams that were not accepted, by reason.", REJECTED)
_REPORTS = (
    Family("reports_sent", "fannel_reports_sent", "SNMPv3 Reports that were sent."),
    Family("reports_failed", "fannel_reports_failed", "SNMPv3 Reports that could not be sent."),
    Family("reports_suppressed", "fannel_reports_suppressed", "SNMPv3 Reports that were one too many a second."),
)
_STORE_ERRORS = Family("store_errors", "fannel_store_errors", "Times the database could not do as asked.")
_ENGINE_FILE = Family("engine_file_errors", "fannel_engine_file_errors", "Times an engine file could not be written.")


def _defects(*at: str) -> Family:
    return Family("defects", "fannel_defects", "What a fault of FANNEL's own ended; the log has the traceback.", at)


RECEIVER = (
    Family("received", "fannel_datagrams_received", "Datagrams that arrived, those the kernel dropped included."),
    Family(
        "lost",
        "fannel_datagrams_lost",
        "Datagrams that arrived and could not be kept, by reason.",
        LOST_BEFORE_THE_SPOOL + LOST_FROM_THE_SPOOL,
    ),
    _REJECTED,
    Family("spooled", "fannel_datagrams_spooled", "Datagrams that were appended to the spool."),
    Family("buffered", "fannel_datagrams_buffered", "Datagrams that are not in the spool yet.", level=True),
    _NOTICES,
    _CANARIES,
    Family("acknowledged", "fannel_informs_acknowledged", "Informs that were answered, once they were on disk."),
    Family("acknowledgements_failed", "fannel_informs_unanswered", "Informs on disk whose answer could not be sent."),
    Family(
        "informs_refused", "fannel_informs_refused", "Informs left unanswered, because the spool did not take them."
    ),
    *_REPORTS,
    _defects("answering", "classification", "readiness"),
    _ENGINE_FILE,
    Family("connections", "fannel_syslog_connections", "Connections that bring syslog, open now.", level=True),
    Family("connections_taken", "fannel_syslog_connections_taken", "Connections that were let in to bring syslog."),
    Family(
        "connections_refused",
        "fannel_syslog_connections_refused",
        "Connections that were not let in, or came to nothing, by reason.",
        ("source_not_allowed", "too_many", "too_many_of_source", "handshake", "client_name", "broken"),
    ),
    Family(
        "lines_cut",
        "fannel_syslog_lines_cut",
        "Lines of connections that were kept in part, by reason.",
        ("too_long", "unfinished"),
    ),
    Family("stream_pauses", "fannel_syslog_pauses", "Times that nothing was read from connections for want of room."),
    Family("socket_errors", "fannel_socket_errors", "Errors of the sockets that datagrams arrive at."),
    Family("spool_errors", "fannel_spool_errors", "Times the spool could not do as asked."),
    Family("spool_set_aside", "fannel_spool_set_aside", "Damaged spool files that were set aside."),
)
OBSERVER = (
    Family("read", "fannel_datagrams_read", "Datagrams that were taken from the spool."),
    Family("handled", "fannel_datagrams_handled", "Datagrams put to the rules, refusals that were said included."),
    Family(
        "coalesced",
        "fannel_datagrams_coalesced",
        "Datagrams that the rules do not see, or only as part of another event, by reason.",
        ("repeats", "superseded", "source_storm", "rules_behind", "asked_again", "unknown_syslog"),
    ),
    _REJECTED,
    Family("lost", "fannel_datagrams_lost", "Datagrams that could not be put on record, by reason.", ("defect",)),
    Family("held", "fannel_datagrams_held", "Datagrams between the spool and the rules.", level=True),
    Family("said", "fannel_events_said", "Events of FANNEL's own: refusals, storms, quiet devices, losses."),
    Family("rechecks", "fannel_rechecks", "Times the rules were asked whether a fault is still true."),
    Family("asked_late", "fannel_incidents_asked_again", "Incidents put to the rules again, as nobody answered."),
    Family(
        "asked_after_silence",
        "fannel_incidents_asked_after_silence",
        "Incidents put to the rules as their silence ended and they did not.",
    ),
    Family("windows", "fannel_work_windows", "Silences that work windows made, or changed.", ("planned", "changed")),
    Family("window_errors", "fannel_work_window_errors", "Looks at a file or a calendar of work that was no use."),
    Family(
        "pruned",
        "fannel_log_pruned",
        "Rows of the log that were old or too much and went, by table.",
        ("events", "incidents", "history", "activities", "posts", "dead_letters", "silences", "silence_revisions"),
    ),
    Family("own_events_lost", "fannel_own_events_lost", "Events of FANNEL's own that could not be put on record."),
    _NOTICES,
    _CANARIES,
    Family("spool_errors", "fannel_spool_errors", "Times the spool could not do as asked."),
    _ENGINE_FILE,
    _defects(
        *("asking", "beating", "chores", "closing", "delivery", "pruning"),
        *("rechecks", "retelling", "silences", "telling", "windows"),
    ),
    _STORE_ERRORS,
    Family(
        "posts_waiting",
        "fannel_outbox_waiting",
        "Posts that are not in Slack yet, by priority (the lower, the sooner).",
        PRIORITIES,
        level=True,
    ),
    Family("posts_sent", "fannel_outbox_sent", "Posts this process brought to Slack."),
    Family("posts_refused", "fannel_outbox_refused", "Posts that Slack refused this process for good."),
    Family("posts_unknown", "fannel_outbox_unknown", "Times nobody knew whether Slack took a post of this process."),
)
_HEARD = ("message", "click", "command")
LISTENER = (
    Family("heard", "fannel_slack_heard", "What Slack said over a connection.", _HEARD),
    Family("heard_again", "fannel_slack_heard_again", "Of that, what had been heard before."),
    Family("heard_late", "fannel_slack_heard_late", "Messages that only the history told of."),
    Family(
        "unconcerned", "fannel_slack_unconcerned", "What Slack sent that is not for FANNEL; bots, for the most part."
    ),
    Family("unheard", "fannel_slack_unheard", "What was not taken in, as the database was away for too long.", _HEARD),
    Family("handled", "fannel_slack_handled", "What the desk has dealt with.", _HEARD),
    Family("given_up", "fannel_slack_given_up", "What the desk could not deal with, however often it tried.", _HEARD),
    Family("desk_failures", "fannel_slack_desk_failures", "Attempts of the desk that failed."),
    Family("lines", "fannel_slack_lines", "Connections to Slack that came about."),
    Family("line_ends", "fannel_slack_line_ends", "Connections to Slack that ended, by reason."),
    Family("line_failures", "fannel_slack_line_failures", "Connections to Slack that did not come about."),
    Family("acks_failed", "fannel_slack_acks_failed", "Acks that did not go out; Slack sends the same again."),
    Family(
        "history_errors", "fannel_slack_history_errors", "Looks into a channel's history that Slack refused, by code."
    ),
    Family("chat_told", "fannel_slack_chat_told", "Chat events that went to the rules."),
    Family("chat_untold", "fannel_slack_chat_untold", "Chat events that the rules were too busy for."),
    _defects("handing", "history", "keeping", "line", "pruning", "reading", "telling"),
    _STORE_ERRORS,
)


def registry(
    snapshot: Callable[[], Counts],
    families: Sequence[Family],
    *,
    gauges: Iterable[Gauge] = (),
    vitals: Callable[[], Sequence[Vital]],
) -> CollectorRegistry:
    """Everything one process exports. `snapshot`: all counts of one moment; `vitals`: those of its readiness."""
    found = CollectorRegistry(auto_describe=False)
    found.register(_Counters(snapshot, families))
    found.register(_Gauges(tuple(gauges)))
    found.register(_Vitals(vitals))
    found.register(_Build())
    ProcessCollector(registry=found)
    return found


def spool_gauges(depth: Callable[[], float], oldest_s: Callable[[], float], octets: Callable[[], float]) -> list[Gauge]:
    """What waits in the spool, as either of its ends says it."""
    return [
        Gauge("fannel_spool_depth", "Datagrams in the spool that are not handled yet.", depth),
        Gauge("fannel_spool_oldest_seconds", "Seconds since the oldest of them was appended.", oldest_s),
        Gauge("fannel_spool_octets", "Octets that count against spool.octets.", octets),
    ]


def outbox_gauge(oldest_s: Callable[[], float]) -> Gauge:
    """How long Slack is behind."""
    return Gauge("fannel_outbox_oldest_seconds", "Seconds the oldest post has waited for Slack.", oldest_s)


def inbox_gauge(oldest_s: Callable[[], float]) -> Gauge:
    """How long the desk is behind."""
    return Gauge("fannel_slack_inbox_oldest_seconds", "Seconds the oldest thing heard has waited.", oldest_s)


class _Counters(Collector):
    """All counters, of one moment: within one scrape they add up."""

    def __init__(self, snapshot: Callable[[], Counts], families: Sequence[Family]) -> None:
        self._snapshot, self._families = snapshot, {family.counter: family for family in families}

    def collect(self) -> Iterable[Metric]:
        counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for family in self._families.values():
            counts[family.counter] = dict.fromkeys(family.reasons or ("",), 0)
        for (name, reason), count in self._snapshot().items():
            counts[name][reason] = count
        for name, by_reason in counts.items():
            family = self._families.get(name) or Family(name, f"fannel_{name}", f"{name}, counted.")
            labels = ["reason"] if by_reason.keys() != {""} else []
            make = GaugeMetricFamily if family.level else CounterMetricFamily
            metric = make(family.metric, family.help, labels=labels)
            for reason, count in by_reason.items():
                metric.add_metric([reason] if labels else [], count)
            yield metric


class _Gauges(Collector):
    def __init__(self, gauges: tuple[Gauge, ...]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        for gauge in self._gauges:
            metric = GaugeMetricFamily(gauge.metric, gauge.help)
            try:
                metric.add_metric([], gauge.read())
            except Exception as error:  # noqa: BLE001  (a spool that cannot be asked must not cost the other figures)
                log.warning("cannot be measured", metric=gauge.metric, reason=type(error).__name__)
            yield metric


class _Vitals(Collector):
    def __init__(self, vitals: Callable[[], Sequence[Vital]]) -> None:
        self._vitals = vitals

    def collect(self) -> Iterable[Metric]:
        metric = GaugeMetricFamily("fannel_vital", "1: well, 0: wrong; /readyz says what.", labels=["name"])
        for name, well in {vital.name: vital.ok for vital in look("readiness", self._vitals)}.items():
            metric.add_metric([name], float(well))
        yield metric


class _Build(Collector):
    def collect(self) -> Iterable[Metric]:
        metric = GaugeMetricFamily("fannel_build_info", "Which FANNEL this is.", labels=["version", "python"])
        metric.add_metric([__version__, platform.python_version()], 1)
        yield metric
