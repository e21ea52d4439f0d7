"""Japanese: what stands on buttons."""

from __future__ import annotations

from fannel.slack.words.buttons import Buttons
from fannel.slack.words.counted import Counted

BUTTONS = Buttons(
    ack="対応開始",
    silence="静観 …",
    recheck="再確認",
    details="詳細",
    hours=Counted("{n}時間", "{n}時間"),
    morning="{clock}まで",
    longer=Counted("+{n}時間", "+{n}時間"),
)
