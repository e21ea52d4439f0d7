"""Japanese: the end of a silence."""

from __future__ import annotations

from fannel.slack.words.counted import Counted
from fannel.slack.words.endings import Endings

ENDINGS = Endings(
    over="静観終了",
    ends_soon="まもなく静観終了",
    ended_by="解除 {who}",
    window="{start} ～ {end} ({length})",
    until="{end} まで、残り{left}",
    when="期間",
    meanwhile="静観中",
    still_there="継続中",
    recovered="復旧済み",
    unused="静観対象のイベントなし (未使用)。",
    events=Counted("イベント{n}件", "イベント{n}件"),
    incidents=Counted("インシデント{n}件", "インシデント{n}件"),
    lasting=Counted("継続中 {n}件", "継続中 {n}件"),
    back=Counted("復旧済み {n}件", "復旧済み {n}件"),
    nothing_there="継続中の障害なし。",
    asked="確認中。スレッドを投稿予定",
    under="静観 {number} により継続して静観",
    follows="{incident} に起因",
    told="スレッドあり: {incident}",
    since="{clock} から",
    between="{start} ～ {end}",
    times=Counted("{n}件", "{n}件"),
    keep="`静観延長 {number} 1時間` で延長可。",
)
