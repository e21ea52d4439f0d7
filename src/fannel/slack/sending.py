"""How sending to one channel stands: its pace, what is wrong with it, whether there is a storm. Pure.

One record a channel, kept in the database: a playbook that runs for three seconds goes on where the one before it,
the observer or another replica left off.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fannel.slack.errors import ChannelProblem, FatalAuth
from fannel.slack.pace import Pace
from fannel.slack.storm import Storm

if TYPE_CHECKING:
    from fannel.slack.errors import SlackError
    from fannel.slack.pace import Lane

# How long the channel rests after the first failure, and at most. Shorter than the rest of a post whose outcome is
# unknown (outbox), so that one post that Slack chokes on lets the others pass.
FIRST_REST_S, LONGEST_REST_S = 2.0, 60.0
# What only a person mends is tried less often, and still by itself: nobody has to tell FANNEL that it is mended.
FIRST_REFUSED_S, LONGEST_REFUSED_S = 5.0, 300.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing gets through: since when, what Slack said with the remedy, and whether a person must act."""

    code: str
    said: str
    since: float
    lasting: bool = False
    failures: int = 1


@dataclass(frozen=True, slots=True)
class Sending:
    """The state of one channel. Times are seconds since the epoch."""

    pace: Pace = field(default_factory=Pace.fresh)
    storm: Storm = field(default_factory=Storm)
    trouble: Trouble | None = None

    def sent(self, lane: Lane, now: float) -> Sending:
        """A call went through: whatever was wrong is over."""
        return replace(self, pace=self.pace.take(lane, now), trouble=None)

    def limited(self, lane: Lane, until: float) -> Sending:
        """Slack said 429 and for how long."""
        return replace(self, pace=self.pace.pause(lane, until))

    def failed(self, error: SlackError, now: float) -> Sending:
        """A call did not go through for a reason that is not the message's: the channel rests, longer each time."""
        before = self.trouble
        failures = before.failures + 1 if before else 1
        lasting = isinstance(error, FatalAuth | ChannelProblem)
        first_s, longest_s = (FIRST_REFUSED_S, LONGEST_REFUSED_S) if lasting else (FIRST_REST_S, LONGEST_REST_S)
        rest_s = min(longest_s, first_s * 2.0 ** min(failures - 1, 10))
        trouble = Trouble(error.code, str(error), before.since if before else now, lasting, failures)
        return replace(self, trouble=trouble, pace=self.pace.pause_all(now + rest_s))

    def to_json(self) -> dict[str, Any]:
        """For the database."""
        kept: dict[str, Any] = {"pace": self.pace.to_json(), "storm": self.storm.to_json()}
        if (trouble := self.trouble) is not None:
            kept["trouble"] = {
                "code": trouble.code,
                "said": trouble.said,
                "since": trouble.since,
                "lasting": trouble.lasting,
                "failures": trouble.failures,
            }
        return kept

    @classmethod
    def from_json(cls, kept: Any) -> Sending:  # noqa: ANN401  (whatever an older or newer FANNEL left)
        """What `to_json` gave; fresh where it is not to be read."""
        if not isinstance(kept, dict):
            return cls()
        try:
            trouble = Trouble(**kept["trouble"])
        except (KeyError, TypeError):
            trouble = None
        return cls(Pace.from_json(kept.get("pace")), Storm.from_json(kept.get("storm")), trouble)
