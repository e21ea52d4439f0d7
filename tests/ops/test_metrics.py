"""What is exported, as Prometheus' own parser reads it."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from fannel import __version__
from fannel.incidents.store.posts import FIRST, OUTPUT, RECOVERY, SUMMARY, URGENT, VERDICT
from fannel.intake.counters import Counters
from fannel.intake.refusals import ReasonOfAnyVersion
from fannel.intake.vital import Vital
from fannel.ops.metrics import (
    LISTENER,
    LOST_BEFORE_THE_SPOOL,
    LOST_FROM_THE_SPOOL,
    OBSERVER,
    PRIORITIES,
    RECEIVER,
    REJECTED,
    Gauge,
    inbox_gauge,
    outbox_gauge,
    registry,
    spool_gauges,
)
from fannel.wire.v3_receiver import Reason as V3Reason

SRC = Path(__file__).parents[2] / "src" / "fannel"


def scraped(counters=None, families=RECEIVER, gauges=(), vitals=list):
    """Samples by (name, labels), and HELP by name."""
    text = generate_latest(registry((counters or Counters()).snapshot, families, gauges=gauges, vitals=vitals)).decode()
    found = list(text_string_to_metric_families(text))
    assert len({family.name for family in found}) == len(found)
    samples = {(one.name, *one.labels.values()): one.value for family in found for one in family.samples}
    return samples, {family.name: family.documentation for family in found}


class TestCounters:
    def test_a_count_is_exported_by_name_and_reason(self):
        counters = Counters()
        counters.add_all({("received", ""): 7, ("lost", "kernel"): 2, ("acknowledged", ""): 3, ("buffered", ""): 4})
        samples, _ = scraped(counters)
        assert samples["fannel_datagrams_received_total",] == 7
        assert samples["fannel_datagrams_lost_total", "kernel"] == 2
        assert samples["fannel_informs_acknowledged_total",] == 3
        assert samples["fannel_datagrams_buffered",] == 4

    def test_every_known_reason_is_there_from_the_start(self):
        samples, _ = scraped()
        for reason in LOST_BEFORE_THE_SPOOL + LOST_FROM_THE_SPOOL:
            assert samples["fannel_datagrams_lost_total", reason] == 0
        for reason in (*get_args(ReasonOfAnyVersion), *get_args(V3Reason)):
            assert samples["fannel_datagrams_rejected_total", reason] == 0
        assert samples["fannel_datagrams_received_total",] == 0

    def test_what_waits_for_slack_is_there_by_priority_and_goes_down_again(self):
        counters = Counters()
        counters.add("posts_waiting", "10", 3)
        counters.add("posts_waiting", "10", -2)
        samples, _ = scraped(counters, families=OBSERVER, gauges=[outbox_gauge(lambda: 7.0)])
        assert samples["fannel_outbox_waiting", "10"] == 1
        assert samples["fannel_outbox_oldest_seconds",] == 7
        assert samples["fannel_outbox_sent_total",] == 0

    def test_the_priorities_are_those_of_the_outbox(self):
        assert tuple(str(one) for one in (URGENT, FIRST, RECOVERY, VERDICT, OUTPUT, SUMMARY)) == PRIORITIES

    def test_the_observer_says_what_became_of_what_it_read(self):
        samples, _ = scraped(families=OBSERVER)
        for reason in ("repeats", "superseded", "source_storm", "rules_behind"):
            assert samples["fannel_datagrams_coalesced_total", reason] == 0
        assert samples["fannel_datagrams_handled_total",] == 0
        assert samples["fannel_datagrams_held",] == 0

    def test_what_is_in_no_table_is_exported_all_the_same(self):
        counters = Counters()
        counters.add("something_new")
        counters.add("lost", "something_new", 2)
        samples, _ = scraped(counters)
        assert samples["fannel_something_new_total",] == 1
        assert samples["fannel_datagrams_lost_total", "something_new"] == 2

    @pytest.mark.parametrize("families", [RECEIVER, OBSERVER, LISTENER], ids=["receiver", "observer", "listener"])
    def test_each_has_its_own_help(self, families):
        _, documented = scraped(families=families)
        own = [text for name, text in documented.items() if name.startswith("fannel_")]
        assert all(own)
        assert len(set(own)) == len(own)

    def test_whatever_the_code_counts_is_in_a_table(self):
        known = {family.counter for family in RECEIVER + OBSERVER + LISTENER}
        assert counted_names() - known == set()


def plain(node):
    """A node and what is in it, without the pieces of formatted strings."""
    return [] if isinstance(node, ast.JoinedStr) else [node, *(d for c in ast.iter_child_nodes(node) for d in plain(c))]


def counted_names():
    """The names in `…counters.add("name")` and in `…add_all({("name", …): n})`, all over the library."""
    names = set()
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr="add"),
                    args=[first, *_],
                ) if owner.endswith("counters"):
                    names |= {one.value for one in plain(first) if isinstance(one, ast.Constant)}
                case ast.Call(func=ast.Attribute(attr="add_all"), args=[ast.Dict(keys=keys)]):
                    names |= {key.elts[0].value for key in keys if isinstance(key, ast.Tuple)}
    return {name for name in names if isinstance(name, str)}


class TestGauges:
    def test_the_spool_says_what_waits(self):
        samples, _ = scraped(gauges=spool_gauges(lambda: 12, lambda: 3.5, lambda: 4096))
        assert samples["fannel_spool_depth",] == 12
        assert samples["fannel_spool_oldest_seconds",] == 3.5
        assert samples["fannel_spool_octets",] == 4096

    def test_when_one_cannot_be_measured_the_others_are(self):
        samples, _ = scraped(gauges=[Gauge("broken", "x", lambda: 1 / 0), Gauge("sound", "y", lambda: 1)])
        assert ("broken",) not in samples
        assert samples["sound",] == 1


class TestVitals:
    def test_each_is_0_or_1_by_name(self):
        vitals = [Vital("spool", ok=False, detail="full"), Vital("socket udp [::]:162", ok=True, detail="")]
        samples, _ = scraped(vitals=lambda: vitals)
        assert samples["fannel_vital", "spool"] == 0
        assert samples["fannel_vital", "socket udp [::]:162"] == 1

    def test_when_a_look_breaks_the_other_figures_stay(self):
        samples, _ = scraped(vitals=lambda: 1 / 0)
        assert samples["fannel_vital", "readiness"] == 0
        assert ("fannel_datagrams_received_total",) in samples


@pytest.mark.parametrize("families", [RECEIVER, OBSERVER, LISTENER], ids=["receiver", "observer", "listener"])
def test_no_table_names_a_counter_or_a_metric_twice(families):
    for names in ([family.counter for family in families], [family.metric for family in families]):
        assert sorted(set(names)) == sorted(names)


def test_every_defect_that_is_counted_has_a_series_and_the_other_way_round():
    told = re.compile(r'\.add\("defects", "(\w+)"\)|\btried\([^()]+, "(\w+)"\)')
    counted = {name for file in SRC.rglob("*.py") for found in told.findall(file.read_text()) for name in found if name}
    tables = [
        family.reasons for table in (RECEIVER, OBSERVER, LISTENER) for family in table if family.counter == "defects"
    ]
    assert counted == {reason for reasons in tables for reason in reasons}


def test_process_and_build_are_told():
    samples, _ = scraped()
    assert samples["process_resident_memory_bytes",] > 0
    assert any(name == "fannel_build_info" and __version__ in labels for name, *labels in samples)


def test_the_shipped_alert_rules_ask_for_what_is_exported():
    rules = yaml.safe_load((SRC.parents[1] / "deploy" / "prometheus-alerts.yml").read_text(encoding="utf-8"))
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    vitals = [Vital("spool", ok=True, detail="")]
    exported = set()
    gauges = [*spool_gauges(int, int, int), outbox_gauge(int), inbox_gauge(int)]
    for families in (RECEIVER, OBSERVER, LISTENER):
        samples, _ = scraped(families=families, gauges=gauges, vitals=lambda: vitals)
        exported |= {name for name, *_ in samples}
    asked = {name for expression in expressions for name in re.findall(r"\bfannel_\w+", expression)}
    assert len(asked) >= 5
    assert asked <= exported
    found = [one for text in expressions for one in re.findall(r'reason=~"([^"]+)"', text)]
    assert {one for text in found for one in text.split("|")} <= set(REJECTED)
