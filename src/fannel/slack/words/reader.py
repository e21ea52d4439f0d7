"""Who reads: in which language, and in which zone times stand where Slack cannot put them into the phone's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, time
from typing import TYPE_CHECKING, Literal, Self, get_args

from fannel.slack import text
from fannel.slack.words.english import ENGLISH

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from fannel.slack.words.catalogue import Words

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def words_of(language: Language) -> Words:
    """The catalogue of a language. Another than English is loaded when somebody reads it."""
    if language == "ja":
        from fannel.slack.words.japanese import JAPANESE  # noqa: PLC0415

        return JAPANESE
    return ENGLISH


@dataclass(frozen=True, slots=True)
class Reader:
    """The people of one channel.

    `clickable`: somebody hears what they click. Without, there are no buttons, since Slack would call each an error.
    """

    words: Words = ENGLISH
    zone: tzinfo = UTC
    clickable: bool = False
    # When a night is over, for who silences something until then.
    morning: time = time(9)

    @classmethod
    def of(cls, language: Language, zone: tzinfo, *, clickable: bool = False, morning: time = time(9)) -> Self:
        """Readers of this language in this zone."""
        return cls(words_of(language), zone, clickable, morning)

    def when(self, moment: datetime) -> str:
        """Date and time, as Slack's mark-up."""
        return text.when(moment, self.zone)

    def clock(self, moment: datetime) -> str:
        """The time of day, as Slack's mark-up."""
        return text.clock(moment, self.zone)

    def duration(self, seconds: float) -> str:
        """How long."""
        return text.duration(seconds, self.words.units)
