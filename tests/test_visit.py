"""Visits: several faults of a device, one login. Real store, a Slack stand-in; the device is a script."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from events import event
from ulid import ULID

from fannel import config
from fannel.checks.errors import DeviceError
from fannel.checks.find import Checks
from fannel.checks.redact import hidden
from fannel.incidents.lease import login
from fannel.incidents.look import look_event
from fannel.incidents.store import Store, StoreError
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.login import Turns
from fannel.posting import open_outbox
from fannel.respond import Responder
from fannel.visit import FORGOTTEN_AFTER, MOST_ANSWERS, Visits

CHANNEL = "C0ALERTS01"
HOST = event().host.name
NOW = datetime.now(UTC).replace(microsecond=0)
CHECK = """
commands:
  interface:
    run: show interfaces {interface}
    parse: {regex: "is (?P<state>up|down)"}
verdict:
  - when: interface.state == 'down'
    outcome: confirmed
    reason: "{interface} is down"
  - outcome: cleared
    reason: "{interface} is up"
"""


@pytest.fixture(scope="module")
def slack():
    stand_in = SlackStandIn(rate_limits=False)
    with running(stand_in):
        yield stand_in


@pytest.fixture
def settings(tmp_path, slack):
    for messages in slack.workspace.messages.values():
        messages.clear()
    file = tmp_path / "checks" / "interface_down" / "ios.yml"
    file.parent.mkdir(parents=True)
    file.write_text(CHECK)
    return config.load(
        {
            "FANNEL_DATABASE__URL": f"sqlite:///{tmp_path}/fannel.sqlite3",
            "FANNEL_CHECKS__PATH": str(tmp_path / "checks"),
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "FANNEL_SLACK__API_URL": slack.api_url,
            "FANNEL_SLACK__CHANNEL": CHANNEL,
        },
        cwd=tmp_path,
    )


class Clock:
    """Time that passes only while somebody sleeps, a round of waiting at a time; `then` is done in a round."""

    def __init__(self):
        self.seconds = 0.0
        self.then = []

    def now(self):
        return NOW + timedelta(seconds=self.seconds)

    def sleep(self, seconds):
        self.seconds += seconds
        if self.then:
            self.then.pop(0)()


class Router:
    """What a visit logs in to: counts sessions, answers as its ports are, may hang up or refuse."""

    def __init__(self):
        self.sessions, self.open, self.asked = 0, False, []
        self.up, self.refuses, self.secrets = set(), None, []
        self.at = {}

    def reach(self):
        return Session(self)


class Session:
    def __init__(self, router):
        self._router, self._refused, self.lost = router, None, False
        self._in = False

    def ask(self, command):
        if self._refused:
            raise self._refused
        if not self._in:
            assert not self._router.open, "two runs are logged in at once"
            self._router.sessions += 1
            if self._router.refuses:
                self._refused = DeviceError(self._router.refuses, lost=True)
                raise self._refused
            self._in = self._router.open = True
        self._router.asked.append(command)
        if (happens := self._router.at.pop(len(self._router.asked), None)) is not None:
            try:
                happens()
            except DeviceError:
                self.lost = True
                raise
        port = command.split()[-1]
        return f"{port} is {'up' if port in self._router.up else 'down'} {' '.join(self._router.secrets)}"

    def hidden(self, verdict):
        return hidden(verdict, self._router.secrets)

    def hang_up(self):
        if self._in:
            self._in = self._router.open = False


class Site:
    """Everything a run has, on one database; `visits()` is another run."""

    def __init__(self, settings):
        self.settings, self.clock, self.router = settings, Clock(), Router()
        self.store = Store.open(settings.database.url)

    def visits(self, **policy):
        clock, leases = self.clock, self.settings.leases.model_copy(update=policy)
        outbox = open_outbox(self.settings, self.store, clock.now)
        responder = Responder(self.settings, self.store, outbox, clock.now)
        turns = Turns(self.store.leases, leases, UTC, clock.now, lambda: clock.seconds, clock.sleep)
        checks = Checks.beside(self.settings.checks.path)
        return Visits(self.store, responder, checks, turns, leases, clock.now, lambda: clock.seconds, clock.sleep)

    def down(self, port, **changes):
        return self.record(port, "raise", **changes)

    def record(self, port, phase, host=HOST, **changes):
        subject = replace(event().subject, name=f"GigabitEthernet0/{port}", ifindex=port)
        at = self.clock.now()
        one = replace(event(phase=phase, at=at, host=host), id=str(ULID()), subject=subject, **changes)
        (recorded,) = self.store.record([(one, b"")])
        return recorded.to_queue()

    def ask(self, asked):
        """What a run does first: say it, and ask."""
        visits = self.visits()
        self.store.asks.put(asked, self.clock.now())
        if asked["phase"] == "raise":
            assert visits.responder.announce(asked)

    def incident(self, asked):
        return self.store.incident(asked["incident"]["id"])

    def outcome(self, asked):
        return (self.incident(asked).verdict or {}).get("outcome")


@pytest.fixture
def site(settings):
    made = Site(settings)
    yield made
    made.store.close()


def posts(store, asked):
    """What was wanted in Slack for an incident; Slack's own pace is not what is tested here."""
    return [post.kind for post in store.log.posts(asked["incident"]["id"])]


def said(store, asked):
    """What its thread says, the first message left out."""
    return [post.text for post in store.log.posts(asked["incident"]["id"]) if post.kind == "reply"]


def everything_wanted(store):
    """All that Slack is to be told, as text."""
    with store._engine.connect() as connection:
        return "\n".join(connection.exec_driver_sql("SELECT payload FROM posts").scalars())


def test_a_fault_alone_is_looked_at_in_one_login_and_nothing_is_left_behind(site):
    down = site.down(1)
    answer = site.visits().answer(down, site.router.reach)
    assert (answer["kind"], answer["verdict"]["outcome"]) == ("verdict", "confirmed")
    assert (site.router.sessions, site.router.open, site.clock.seconds) == (1, False, 0)
    assert site.store.leases.holder(login(HOST), site.clock.now()) is None
    assert site.store.asks.waiting(HOST, 10) == []
    assert len(said(site.store, down)) == 1


def test_whoever_is_logged_in_answers_for_the_runs_that_wait_each_in_its_own_thread(site):
    mine, *others = [site.down(port) for port in range(1, 6)]
    site.router.up = {"GigabitEthernet0/4"}
    for other in others:
        site.ask(other)
    site.visits().answer(mine, site.router.reach)
    assert site.router.sessions == 1
    assert [site.outcome(one) for one in (mine, *others)] == ["confirmed"] * 3 + ["cleared", "confirmed"]
    assert [posts(site.store, one) for one in (mine, *others)] == [["parent", "reply", "update"]] * 5


def test_the_run_that_waited_gets_its_own_verdict_for_the_rules_and_logs_in_nowhere(site):
    mine, other = site.down(1), site.down(2)
    site.ask(other)
    site.visits().answer(mine, site.router.reach)
    answer = site.visits().turns.take(other, lambda: site.store.asks.answer(other["id"])).answer
    assert answer["incident"]["id"] == other["incident"]["id"]
    assert answer["verdict"]["reason"] == "GigabitEthernet0/2 is down"


def test_a_run_whose_fault_is_answered_already_ends_without_a_login(site):
    down = site.down(1)
    site.visits().answer(down, site.router.reach)
    assert site.visits().answer(down, lambda: pytest.fail("reached for the device")) is None


def test_five_runs_at_once_share_one_login_whoever_comes_first(site, settings):
    """Real threads on a real database: the first waits for those the rules were asked about at the same time."""
    downs = [site.down(port) for port in range(1, 6)]
    lock = threading.Lock()

    def run(down):
        store = Store.open(settings.database.url)
        responder = Responder(settings, store, open_outbox(settings, store))
        visits = Visits.of(settings.model_copy(update={"leases": patient}), responder)
        try:
            return visits.answer(down, reach)
        finally:
            store.close()

    def reach():
        with lock:
            return site.router.reach()

    patient = settings.leases.model_copy(update={"linger_s": 600, "wait_s": 600})
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(run, downs))
    assert site.router.sessions == 1
    assert [one["incident"]["id"] for one in answers] == [down["incident"]["id"] for down in downs]
    assert [site.outcome(down) for down in downs] == ["confirmed"] * 5
    assert [len(said(site.store, down)) for down in downs] == [1] * 5
    assert site.store.asks.waiting(HOST, 10) == []


def test_the_verdict_is_said_before_it_waits_for_others(site):
    mine, _other = site.down(1), site.down(2)
    heard = []
    site.clock.then = [lambda: heard.append(said(site.store, mine))]
    site.visits().answer(mine, site.router.reach)
    assert len(heard[0]) == 1


def test_it_waits_no_longer_than_told_for_runs_that_never_come(site):
    mine, _nobody_acts_on_it = site.down(1), site.down(2)
    site.visits(linger_s=10).answer(mine, site.router.reach)
    assert 10 <= site.clock.seconds < 11


@pytest.mark.parametrize("why", ["silenced", "elsewhere", "long ago", "flapping"])
def test_it_does_not_wait_for_what_no_run_will_come_for(site, why):
    changes = {
        "silenced": {"silence": {"id": 1, "reason": "works", "ends_at": "2026-11-30T00:00:00+00:00"}},
        "elsewhere": {"host": "rt-osa-01.example.net"},
        "long ago": {},
        "flapping": {},
    }[why]
    other = site.down(2, **changes)
    if why == "flapping":
        site.visits().responder.announce(other)
        for _ in range(12):
            site.down(2)
            last = site.record(2, "clear")
        assert last["flap"]["flapping"]
    if why == "long ago":
        site.clock.seconds = 11
    began = site.clock.seconds
    site.visits(linger_s=10).answer(site.down(1), site.router.reach)
    assert site.clock.seconds == began


def test_a_run_that_comes_while_it_waits_is_answered_in_the_same_login(site):
    mine, other = site.down(1), site.down(2)
    site.clock.then = [lambda: None, lambda: site.ask(other)]
    site.visits().answer(mine, site.router.reach)
    assert (site.outcome(other), site.router.sessions) == ("confirmed", 1)
    assert site.clock.seconds < 3


def test_links_that_came_back_together_are_verified_in_one_login(site):
    downs = [site.down(port) for port in (1, 2, 3)]
    for down in downs:
        site.visits(linger_s=0).answer(down, site.router.reach)
    site.router.sessions, site.router.up = 0, {f"GigabitEthernet0/{port}" for port in (1, 2, 3)}
    mine, *others = [site.record(port, "clear") for port in (1, 2, 3)]
    site.clock.then = [lambda: [site.ask(other) for other in others]]
    site.visits().answer(mine, site.router.reach)
    assert site.router.sessions == 1
    assert [site.incident(one).state for one in (mine, *others)] == ["resolved"] * 3


def test_its_own_faults_next_run_is_not_waited_for_since_that_waits_for_us(site):
    down = site.down(1)
    site.router.at = {1: lambda: site.record(1, "clear")}
    site.visits().answer(down, site.router.reach)
    assert site.clock.seconds == 0


def test_what_is_over_by_then_is_not_looked_at(site):
    mine, other = site.down(1), site.down(2)
    site.ask(other)
    site.store.resolve(other["incident"]["id"], as_of=site.clock.now(), who="somebody", now=site.clock.now())
    site.visits().answer(mine, site.router.reach)
    assert site.router.asked == ["show interfaces GigabitEthernet0/1"]
    assert site.visits().answer(other, lambda: pytest.fail("reached for the device")) is None


def test_a_refused_login_is_tried_once_and_told_in_every_thread(site):
    mine, other = site.down(1), site.down(2)
    site.ask(other)
    site.router.refuses = "Authentication failed"
    site.visits().answer(mine, site.router.reach)
    assert site.router.sessions == 1
    for one in (mine, other):
        assert site.incident(one).verdict["outcome"] == "inconclusive"
        assert site.incident(one).verdict["reason"] == "Authentication failed"


def test_a_session_that_was_lost_answers_for_nobody_else_the_next_turn_logs_in_again(site):
    mine, other = site.down(1), site.down(2)
    site.ask(other)

    def hangs():
        raise DeviceError("command timeout triggered", lost=True)

    site.router.at = {1: hangs}
    site.visits().answer(mine, site.router.reach)
    assert (site.outcome(mine), site.outcome(other)) == ("inconclusive", None)
    site.visits().answer(other, site.router.reach)
    assert (site.outcome(other), site.router.sessions) == ("confirmed", 2)


class Killed(BaseException):
    """kill -9, as far as a thread can have it: nothing after it is done, and nothing is given back."""


def test_killed_in_the_middle_the_rest_is_still_asked_and_answered_by_the_next_turn(site, monkeypatch):
    mine, *others = [site.down(port) for port in range(1, 6)]
    for other in others:
        site.ask(other)

    def killed():
        raise Killed

    site.router.at = {3: killed}
    monkeypatch.setattr(site.store.leases, "release", lambda _: False)
    with pytest.raises(Killed):
        site.visits().answer(mine, site.router.reach)
    monkeypatch.undo()
    assert site.store.leases.holder(login(HOST), site.clock.now()) is not None
    assert [site.outcome(one) for one in (mine, *others)] == ["confirmed"] * 2 + [None] * 3
    assert {one["incident"]["id"] for one in site.store.unfinished()} == {o["incident"]["id"] for o in others[1:]}

    site.visits(wait_s=60).answer(others[2], site.router.reach)  # it waits for the lease to expire
    assert 30 <= site.clock.seconds < 32
    assert [site.outcome(one) for one in (mine, *others)] == ["confirmed"] * 5
    assert [len(said(site.store, one)) for one in (mine, *others)] == [1] * 5
    assert site.router.sessions == 2


def test_a_run_that_fails_gives_its_lease_back(site):
    def reach():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        site.visits().answer(site.down(1), reach)
    assert site.store.leases.holder(login(HOST), site.clock.now()) is None


def test_the_thread_says_who_was_in_the_way_of_whom_gave_up(site):
    down = site.down(1)
    site.store.leases.acquire(login(HOST), "incident A-000001 on noc-02, process 4711", 600, site.clock.now())
    answer = site.visits().answer(down, lambda: pytest.fail("reached for the device"))
    assert answer["verdict"]["outcome"] == "inconclusive"
    assert "another run (incident A-000001 on noc-02, process 4711, since " in answer["verdict"]["reason"]
    assert site.store.asks.waiting(HOST, 10) == [], "nobody answers what has given up"


def test_the_thread_says_how_long_it_waited(site):
    down = site.down(1)
    taken = site.store.leases.acquire(login(HOST), "incident A-000001 on noc-02", 600, site.clock.now())
    site.clock.then = [lambda: None] * 12 + [lambda: site.store.leases.release(taken)]
    site.visits().answer(down, site.router.reach)
    assert "another run (incident A-000001 on noc-02" in everything_wanted(site.store)


def test_without_the_leases_nobody_logs_in_and_the_verdict_says_why(site, monkeypatch):
    def away(*_):
        raise StoreError("database sqlite: database is locked")

    visits, down = site.visits(), site.down(1)
    monkeypatch.setattr(site.store.leases, "acquire", away)
    visits.responder._outbox = None
    answer = visits.answer(down, lambda: pytest.fail("reached for the device"))
    assert "database is locked" in answer["verdict"]["reason"]


def test_a_visit_is_bounded_in_answers_and_in_time(site):
    mine, *others = [site.down(port) for port in range(1, MOST_ANSWERS + 4)]
    for other in others:
        site.store.asks.put(other, site.clock.now())
    site.visits().answer(mine, site.router.reach)
    assert len(site.router.asked) == MOST_ANSWERS
    site.router.asked.clear()

    def slow():
        site.clock.seconds += 31

    site.router.at = {1: slow}
    site.visits(wait_s=60).answer(site.down(999), site.router.reach)
    assert len(site.router.asked) == 1, "half of the time that others wait is over"


def test_what_a_dead_run_asked_is_forgotten_in_time(site):
    site.store.asks.put(site.down(2), site.clock.now())
    site.store.resolve(site.down(2)["incident"]["id"], as_of=site.clock.now(), who="x", now=site.clock.now())
    site.clock.seconds += FORGOTTEN_AFTER.total_seconds() + 1
    site.visits().answer(site.down(1, host="rt-osa-01.example.net"), site.router.reach)
    assert site.store.asks.waiting(HOST, 10) == []


def test_a_password_in_what_the_device_printed_is_shown_nowhere(site):
    site.router.secrets = ["S3cr3t-Zx81"]
    down = site.down(1)
    site.visits().answer(down, site.router.reach)
    printed = [one.body for one in site.store.activities.of_incident(down["incident"]["id"]) if one.kind == "output"]
    assert printed == ["GigabitEthernet0/1 is down [redacted]"]
    assert "S3cr3t" not in everything_wanted(site.store) + str(site.incident(down))


def restart(site, **changes):
    happened = event(phase="info", at=site.clock.now())
    one = replace(happened, **{"id": str(ULID()), "problem": "interface_down"} | changes)
    (recorded,) = site.store.record([(one, b"")])
    return recorded.to_queue()


def test_what_has_no_incident_is_said_and_looked_at_in_a_login_of_its_own(site):
    looked = site.visits().answer(restart(site), site.router.reach)
    assert (looked["kind"], looked["verdict"]["outcome"]) == ("looked", "confirmed")
    assert (site.router.sessions, site.router.open) == (1, False)
    assert site.store.leases.holder(login(HOST), site.clock.now()) is None
    assert "GigabitEthernet0/1 is down" in everything_wanted(site.store)


def check_restarts(settings):
    file = settings.checks.path / "device_restart" / "ios.yml"
    file.parent.mkdir()
    file.write_text(f"{CHECK}facts: {{reason: interface.state, uptime: interface.state}}\n")


def test_a_device_that_started_and_takes_no_logins_yet_is_tried_again(site, settings):
    check_restarts(settings)
    site.router.refuses = "ssh connection failed: Connection refused"
    site.clock.then = [lambda: setattr(site.router, "refuses", None)]
    looked = site.visits().answer(restart(site, problem="device_restart"), site.router.reach)
    assert looked["verdict"]["outcome"] == "confirmed"
    assert (site.router.sessions, site.clock.seconds) == (2, 20)


def test_a_device_that_takes_no_logins_at_all_is_given_up_after_a_minute(site, settings):
    check_restarts(settings)
    site.router.refuses = "ssh connection failed: Connection refused"
    looked = site.visits().answer(restart(site, problem="device_restart"), site.router.reach)
    assert looked["verdict"]["outcome"] == "inconclusive"
    assert (site.router.sessions, site.clock.seconds) == (3, 60)


def test_while_another_run_is_logged_in_what_has_no_incident_waits_and_then_gives_up(site):
    site.store.leases.acquire(login(HOST), "another run", 3600, site.clock.now())
    looked = site.visits().answer(restart(site), site.router.reach)
    assert looked["verdict"]["outcome"] == "inconclusive"
    assert "is looking at this device; gave up after 60 s" in looked["verdict"]["reason"]
    assert site.router.sessions == 0


def test_what_is_to_be_said_only_when_confirmed_is_not_said_before_the_look(site):
    site.router.up.add("GigabitEthernet0/1")
    site.visits().answer(restart(site), site.router.reach, "confirmed")
    assert everything_wanted(site.store) == ""


SENSORS = """
subject: sensor
commands:
  sensors: {run: show environment, parse: {regex: "is (?P<state>up|down)"}}
facts:
  named: name is defined
verdict:
  - {outcome: confirmed, reason: "{named} {name}"}
"""


@pytest.mark.parametrize(("about", "named"), [("fan", False), ("sensor", True)])
def test_a_look_at_something_else_is_about_the_device_and_at_the_same_thing_about_that(site, settings, about, named):
    """No sensor is called as the fan that failed."""
    file = settings.checks.path / "too_hot" / "ios.yml"
    file.parent.mkdir()
    file.write_text(SENSORS)
    failed = site.down(1) | {"kind": "verdict", "subject": {"type": about, "name": "Fan tray 2"}}
    asked = look_event(failed, "too_hot", "same_device").to_queue()
    looked = site.visits().answer(asked, site.router.reach)
    assert looked["verdict"]["facts"] == {"named": named}
