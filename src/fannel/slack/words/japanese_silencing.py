"""Japanese: how requests are answered."""

from __future__ import annotations

from fannel.slack.words.silencing import Silencing

SILENCING = Silencing(
    may_not="権限がありません (`{setting}` に記載の担当者のみ)",
    not_here="このチャンネルでは受け付けていません。{channels} で依頼してください",
    cannot_tell="ユーザグループ {group} のメンバーをSlackから取得できません ({code})",
)
