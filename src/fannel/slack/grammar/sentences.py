"""Why a request was refused, in the language it was written in. `{…}` are the names that a Misfit gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fannel.slack.grammar.request import Language, Misfit

LONGEST: Final = 120

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    # what is meant
    "no_target": ("no host is named", "対象ホストの指定がありません"),
    "no_host": ("{what}: on which host?", "{what}: どのホストか指定してください"),
    "unknown_host": (
        "{name} is no host I know; near it: {near} (if it belongs to the reason, write it behind `reason:`)",
        "{name} というホストはありません。近い名前: {near} (理由の一部なら `理由:` の後に)",
    ),
    "strange_host": (
        "{name} is no host I know (if it belongs to the reason, write it behind `reason:`)",
        "{name} というホストはありません (理由の一部なら `理由:` の後に)",
    ),
    "unknown_address": (
        "{address} is no host I know; an unknown sender is `host {address}`, a neighbour `bgp {address} on HOST`",
        "{address} は未登録です。未登録の送信元なら `ホスト {address}`、ネイバーなら `bgp {address} on HOST`",
    ),
    "shared_name": ("{name} is several hosts: {names}", "{name} に該当するホストが複数あります: {names}"),
    "say_group": (
        "{name} is a {label}, not a host: write `{label} {name}`",
        "{name} はホストではなく {label} です: `{label} {name}` と書いてください",
    ),
    "unknown_group": (
        "there is no {label} {name}; there are: {names}",
        "{label} {name} はありません。登録済み: {names}",
    ),
    "wide_glob": (
        "{glob} means nearly everything: give at least {fewest} letters or digits of the name",
        "{glob} は範囲が広すぎます。名前の文字を {fewest} 字以上入れてください",
    ),
    "too_many_globs": (
        "these patterns match too many names: write fewer on a line",
        "パターンが多すぎます。行を分けてください",
    ),
    "no_match": ("no host I know matches {glob}", "{glob} に一致するホストがありません"),
    "scattered": (
        "are {first} and {second} both meant? Name hosts together; what is a reason stands behind `reason:`",
        "{first} と {second} の両方が対象ですか? 対象はまとめて書き、理由は `理由:` の後に書いてください",
    ),
    "which_host": (
        "{interface} of which host? Write HOST:{interface}",
        "{interface} はどのホストですか? HOST:{interface} と書いてください",
    ),
    "interface_range": (
        "{interface}: name the interfaces one by one",
        "{interface}: インターフェースは一つずつ書いてください",
    ),
    "problem_or_reason": (
        "is only {problem} meant, or is that the reason? Write `{problem} on HOST`, or put the reason behind `reason:`",
        "{problem} のみの静観ですか、理由ですか? `{problem} on HOST` とするか、理由は `理由:` の後に",
    ),
    "too_many": (
        "more than {targets} targets: write them on several lines",
        "対象が {targets} を超えています。行を分けてください",
    ),
    "exception": (
        "{text}: a silence has no exceptions; name what is meant",
        "{text}: 除外指定はできません。対象を書いてください",
    ),
    "severity": (
        "{text}: a silence is of all severities (a reason stands behind `reason:`)",
        "{text}: 重大度の指定はできません (理由なら `理由:` の後に)",
    ),
    # when
    "recurring": (
        "{text}: a silence is one window (a reason stands behind `reason:`)",
        "{text}: 繰り返しの指定はできません (理由なら `理由:` の後に)",
    ),
    "later": (
        "{text}: is that its start or its end? Write times: from 22:00 until 24:00",
        "{text}: 開始ですか、終了ですか? 22:00から24:00まで のように書いてください",
    ),
    "no_window": ("no end is named", "終了時刻の指定がありません"),
    "no_end": ("there is a start and no end", "開始のみで終了時刻がありません"),
    "endless": (
        "“{text}” is no end: a silence needs one, and can be extended",
        "「{text}」では終了時刻が決まりません (後で延長できます)",
    ),
    "no_time": ("{day}: at what time?", "{day}: 時刻を指定してください"),
    "bare_time": (
        "until then, or from then on? Write `until` or a range",
        "その時刻までですか、からですか? 「まで」または範囲で書いてください",
    ),
    "two_windows": ("{first} and {second}: which of them?", "{first} と {second} のどちらですか?"),
    "two_moments": ("there is more than one start or end", "開始または終了が複数あります"),
    "contradiction": ("the duration and the end ({until}) do not agree", "時間の長さと終了時刻 ({until}) が合いません"),
    "start_day": ("on which day does it start?", "開始日を指定してください"),
    "vague_day": ("{day}: write the date", "{day}: 日付で書いてください"),
    "bad_date": (
        "{day} is no date: write YYYY-MM-DD or M/D",
        "{day} は日付として読めません。YYYY-MM-DD または M/D で書いてください",
    ),
    "wrong_weekday": ("{day} is a {weekday}", "{day} の曜日が違います"),
    "bad_time": (
        "{time} is no time: write HH:MM, up to 29:59",
        "{time} は時刻として読めません。HH:MM (29:59 まで) で書いてください",
    ),
    "no_such_time": ("the clocks in {zone} skip {time}", "{zone} に {time} という時刻はありません (夏時間)"),
    "ambiguous_zone": (
        "{zone} is the name of several zones: write +09:00, UTC or Area/City",
        "{zone} は複数のタイムゾーンを指します。+09:00、UTC、Area/City で書いてください",
    ),
    "unknown_zone": ("{zone} is no time zone", "{zone} というタイムゾーンはありません"),
    "in_the_past": ("that is over already ({until})", "終了時刻が過去です ({until})"),
    "end_before_start": ("it ends before it starts", "終了が開始より前です"),
    "too_short": ("that is less than a minute", "1分未満です"),
    "too_long": (
        "it would last until {until}; the longest is {longest} days",
        "{until} まで続きます。最長は {longest} 日です",
    ),
    "too_far": ("it starts in more than {furthest} days", "開始が {furthest} 日より先です"),
    # the request as a whole
    "negated": ("that says not to: nothing was changed", "否定文のため、何も変更していません"),
    "two_requests": ("one request a line, please", "1行に1件ずつ書いてください"),
    "told": (
        "if that is a request, write it as one: nothing was changed",
        "依頼であれば依頼の形で書いてください。何も変更していません",
    ),
    "line_too_long": (
        "the line is longer than {longest} characters or {most} words: write several",
        "1行が {longest} 文字または {most} 語を超えています。行を分けてください",
    ),
    "text_too_long": (
        "the message is longer than {longest} characters: what is beyond was not read",
        "投稿が {longest} 文字を超えています。以降は読んでいません",
    ),
    "too_many_lines": (
        "more than {lines} requests in a message: what is beyond was not read",
        "1件の投稿に {lines} 行を超える依頼があります。以降は読んでいません",
    ),
    "id_and_target": (
        "say either which silence (#7) or which host",
        "静観番号 (#7) か対象のどちらか一方を書いてください",
    ),
    "id_unwanted": ("a new silence has no number yet", "新しい静観に番号は指定できません"),
}


def sentence(misfit: Misfit, language: Language) -> str:
    """The sentence of a misfit; what a person typed is cut to a readable length."""
    english, japanese = SENTENCES[misfit.code]
    named = {
        name: value if len(value) <= LONGEST else value[: LONGEST - 1] + "…" for name, value in misfit.named.items()
    }
    return (japanese if language == "ja" else english).format(**named)
