"""An incident as a timeline, an event as a page: from records to lines of text. Pure, and safe for a terminal.

Every line that comes from here has passed `printable()`; only the outputs of commands have more lines than one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fannel.cli.moments import shown
from fannel.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime, tzinfo

    from fannel.incidents.incident import Change, Incident
    from fannel.incidents.store.activities import Activity
    from fannel.incidents.store.reading import Case, Logged, PostLine

_HEX_COLUMNS = 16


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is on record of one incident. `events` may be the newest only: `event_count` says of how many."""

    incident: Incident
    thread: tuple[str, str] | None
    events: Sequence[Logged]
    event_count: int
    history: Sequence[Change]
    activities: Sequence[Activity]
    posts: Sequence[PostLine]
    consequences: Sequence[Case]


@dataclass(frozen=True, slots=True)
class _Entry:
    at: datetime
    what: str
    text: str
    more: str = ""  # further lines


def timeline(story: Story, zone: tzinfo, *, outputs: bool) -> Iterator[str]:
    """The incident in a few lines, then what happened, a line each, oldest first; with `outputs`, what was printed."""
    yield from map(_line, _head(story, zone))
    if story.event_count > len(story.events):
        more = story.event_count - len(story.events)
        yield f"{more} older events are not shown: fannel events list --incident {_line(story.incident.id)}"
    yield from _told(_entries(story), zone, outputs=outputs)


def event_page(logged: Logged, zone: tzinfo, done: Sequence[Activity] = ()) -> Iterator[str]:
    """One event, a fact a line, its varbinds below; then what was decided and done for it."""
    yield from _event_facts(logged, zone)
    yield from _told(map(_activity_entry, done), zone, outputs=False)


def hex_lines(raw: bytes) -> Iterator[str]:
    """Octets as `hexdump -C` shows them."""
    for at in range(0, len(raw), _HEX_COLUMNS):
        row = raw[at : at + _HEX_COLUMNS]
        text = "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in row)
        yield f"  {at:04x}  {row.hex(' '):<47}  {text}"


def event_line(logged: Logged, zone: tzinfo) -> str:
    """One event of a list."""
    event = logged.event
    incident = f"  {logged.incident_id}" if logged.incident_id else ""
    where = f"{event['host']['name']} {_subject(event['subject'])}"
    at = f"{logged.received_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return _line(f"{at}  {logged.id}  {event['severity']:<8} {event['kind']} {event['phase']}  {where}{incident}")


def case_line(case: Case, zone: tzinfo) -> str:
    """One incident of a list."""
    who = f"  by {case.acknowledged_by}" if case.acknowledged_by and case.resolved_at is None else ""
    cause = f"  follows from {case.cause_id}" if case.cause_id else ""
    where = f"{case.host} {_subject(case.subject)}"
    raises = f"  {case.raises} raises" if case.raises > 1 else ""
    at = f"{case.opened_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return _line(f"{at}  {case.id}  {case.state:<12} {case.severity:<8} {case.problem}  {where}{raises}{who}{cause}")


def story_json(story: Story, *, outputs: bool) -> dict[str, Any]:
    """The same for a program; times in UTC."""
    return {
        "incident": _json(asdict(story.incident)),
        "thread": None if story.thread is None else {"channel": story.thread[0], "ts": story.thread[1]},
        "event_count": story.event_count,
        "events": [event_json(one) for one in story.events],
        "history": [_json(asdict(one)) for one in story.history],
        "activities": [_activity_json(one, outputs=outputs) for one in story.activities],
        "posts": [_json(asdict(one)) for one in story.posts],
        "consequences": [case_json(one) for one in story.consequences],
    }


def event_json(logged: Logged, *, raw: bool = False, done: Sequence[Activity] | None = None) -> dict[str, Any]:
    """An event of the log for a program: as it was observed, not neutralised; with what was done for it, if given."""
    found = logged.event | {"incident_id": logged.incident_id}
    if done is not None:
        found["activities"] = [_activity_json(one, outputs=False) for one in done]
    return found | {"raw": (logged.raw or b"").hex()} if raw else found


def case_json(case: Case) -> dict[str, Any]:
    """An incident of a list for a program."""
    return _json(asdict(case))


# --- inside -----------------------------------------------------------------------------------------------------


def _head(story: Story, zone: tzinfo) -> Iterator[str]:
    incident = story.incident
    subject = _subject(asdict(incident.subject))
    yield f"{incident.id}  {incident.state}  {incident.severity}  {incident.problem}  {incident.host.name} {subject}"
    ended = f"resolved {shown(incident.resolved_at, zone)}" if incident.resolved_at else "not resolved"
    yield f"opened {shown(incident.opened_at, zone)}, {_count(incident.raises, 'raise')}, {ended}"
    if incident.reopened:
        yield f"reopened {_count(incident.reopened, 'time')}"
    if incident.acknowledged_by and incident.acknowledged_at:
        yield f"acknowledged by {incident.acknowledged_by} {shown(incident.acknowledged_at, zone)}"
    if incident.cause_id:
        yield f"follows from {incident.cause_id}: {_named(incident.cause or {})}"
    if incident.verdict:
        yield f"verdict {incident.verdict.get('outcome')}: {incident.verdict.get('reason')}"
    if story.thread:
        yield f"thread {story.thread[1]} in {story.thread[0]}"
    for case in story.consequences:
        yield f"consequence {case.id}  {case.state}  {case.problem}  {case.host} {_subject(case.subject)}"


def _entries(story: Story) -> Iterator[_Entry]:
    for logged in story.events:
        event = logged.event
        said = (event.get("trap") or {}).get("name") or event["kind"]
        yield _Entry(logged.received_at, "event", f"{event['phase']}: {said} ({event['via']})  {logged.id}")
    for change in story.history:
        why = f": {change.why}" if change.why else ""
        yield _Entry(change.at, "history", f"{change.what} by {change.who}{why}")
    yield from map(_activity_entry, story.activities)
    for post in story.posts:
        outcome = f"{post.state}, {_count(post.attempts, 'attempt')}" if post.attempts else post.state
        error = f" ({post.error})" if post.error else ""
        yield _Entry(post.wanted_at, "wanted", f"{post.kind} ({outcome} by now){error}: {post.text}")


def _event_facts(logged: Logged, zone: tzinfo) -> Iterator[str]:
    event = logged.event
    yield _fact("event", logged.id)
    yield _fact("received", shown(logged.received_at, zone))
    for key in ("via", "kind", "problem", "phase", "severity", "fingerprint"):
        yield _fact(key, event.get(key))
    if logged.incident_id:
        yield _fact("incident", logged.incident_id)
    for key in ("host", "subject", "source"):
        yield _fact(key, _named(event.get(key) or {}))
    if event.get("repeats", 1) != 1:
        yield _fact("repeats", event["repeats"])
    for key in ("silence", "flap", "refusal", "lost", "verdict"):
        if key in event:
            yield _fact(key, _named(event[key]))
    for key in ("trap", "syslog"):
        facts = dict(event.get(key) or {})
        varbinds = facts.pop("varbinds", None)
        if facts:
            yield _fact(key, _named(facts))
        for name, value in (varbinds or {}).items():
            yield f"  {_line(name)} = {_line(value)}"


def _activity_entry(activity: Activity) -> _Entry:
    printed = "" if activity.body is None else f"  ({_count(activity.body.count(chr(10)) + 1, 'line')})"
    return _Entry(activity.at, activity.kind, f"{activity.summary}{printed}", activity.body or "")


def _told(entries: Iterable[_Entry], zone: tzinfo, *, outputs: bool) -> Iterator[str]:
    """A line each, oldest first, by day."""
    ordered = sorted(entries, key=lambda entry: entry.at)
    for day, of_day in groupby(ordered, key=lambda entry: entry.at.astimezone(zone).date()):
        yield f"\n{day}"
        for entry in of_day:
            yield f"  {entry.at.astimezone(zone):%H:%M:%S}  {entry.what:<8} {_line(entry.text)}"
            if outputs and entry.more:
                for line in printable(entry.more.rstrip()).replace("\\r\n", "\n").split("\n"):
                    yield f"            │ {line}"


def _activity_json(activity: Activity, *, outputs: bool) -> dict[str, Any]:
    found = _json(asdict(activity))
    if not outputs:
        found.pop("body")
    return found


def _subject(subject: dict[str, Any]) -> str:
    name = subject.get("name")
    return str(name or f"{subject.get('type')} {subject.get('ifindex') or ''}".strip())


def _fact(key: str, value: object) -> str:
    return f"{key:<12} {_line(value)}"


def _named(facts: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in facts.items() if value is not None)


def _line(value: object) -> str:
    """One line, whatever was in it."""
    return printable(str(value)).replace("\n", "\\n")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _json(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in record.items()}
