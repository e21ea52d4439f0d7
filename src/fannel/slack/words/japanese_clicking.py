"""Japanese: answers to clicks, and details."""

from __future__ import annotations

from fannel.slack.words.clicking import Clicking, Details
from fannel.slack.words.counted import Counted

CLICKING = Clicking(
    stale="このボタンは別バージョンのFANNELのもの。何も実行せず。最新の投稿のボタンを使用してください。",
    unknown="{incident} は記録に残っておらず、何も実行せず。",
    over="{incident} は {clock} に復旧済み。何も実行せず。",
    has_it="{who} が {clock} から対応中。",
    checking="{host} を確認中。結果はこのスレッドに投稿。",
    asked_already="{who} が依頼済み。結果はこのスレッドに投稿。",
    being_checked="{host} は別の実行が確認中 ({owner}、{clock} 開始)。続けて確認し、結果を投稿。",
    no_check="{os} の {problem} 用チェックなし。ログインせず。`fannel new check` で作成可。",
    nobody_logs_in="{host} はpagoda未登録。ログインせず。",
    nothing_exact="対象の名称が機器から得られず、正確な静観ができません。ホスト単位で静観するか、文章で依頼してください。",
    silenced_already="{end} まで静観済み ({number})。",
    observer_away="記録済み、実行待ち。FANNELのobserverは {when} を最後に停止中。",
    to_whom="{who} さんへ ({clock} の操作について)",
    observer_never="記録済み、実行待ち。FANNELのobserverが動いていません。",
)
DETAILS = Details(
    state="状態",
    states={
        "new": "未対応",
        "open": "発生中",
        "acknowledged": "対応中",
        "resolved": "復旧",
        "closed": "クローズ",
    },
    silence="静観",
    silenced="{number} {end} まで、{who}",
    flap="フラップ",
    flapping=Counted("状態変化 {n}回", "状態変化 {n}回"),
    history="経過",
    earlier=Counted("これ以前 {n}行", "これ以前 {n}行"),
    more="全経過は `fannel incidents show {incident}`",
    phases={"raise": "発生通知", "clear": "復旧通知", "info": "通知"},
    what={
        "opened": "起票",
        "answered": "確認開始",
        "judged": "判定",
        "acknowledged": "対応開始",
        "resolved": "解決",
        "reopened": "再発",
        "closed": "クローズ",
        "attached": "他障害に関連付け",
        "detached": "単独で継続",
    },
    by="{who}",
)
