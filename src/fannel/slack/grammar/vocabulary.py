"""The words of both languages, and the one pattern that finds them.

Every quantifier is bounded, so the pattern is linear in a line. Order decides: what stands first is tried first.
"""

from __future__ import annotations

import re
from typing import Final

# A word of Latin letters begins and ends where no part of a name goes on.
_B = r"(?<![A-Za-z0-9_.-])"
_E = r"(?![A-Za-z0-9_*]|[.:/-][A-Za-z0-9*])"
_OBJECT = r"(?:call(?:s|ing)?|pag(?:es?|ing)|alert(?:s|ing)?|notif(?:y(?:ing)?|ications?)|alarms?)"
_OBJECT_JA = r"(?:架電|発報|通知|監視|コール|連絡|アラート|アラーム|呼び?出し|電話)"

# --- verbs ------------------------------------------------------------------------------------------------------

_SILENCE = (
    rf"{_B}(?:stop|suppress|disable|pause) {_OBJECT}{_E}"
    rf"|{_B}(?:do not|don't|dont|no) (?:call(?:s|ing)?|pag(?:e|es|ing)){_E}"
    rf"|{_B}(?:do not|don't|dont) (?:alert|notify){_E}|{_B}(?:silence|mute|snooze){_E}"
    rf"|静観(?:を?開始)?|{_OBJECT_JA}(?:を|は|の)?(?:一時)?(?:停止|抑止|抑制|不要|止めて|止め|ストップ|オフ|しないで)"
)
_RESUME = (
    rf"{_B}(?:cancel|end|remove|lift|delete|expire|stop) (?:the |this |my )?(?:silence|mute|snooze){_E}"
    rf"|{_B}(?:resume|start|restart|enable) {_OBJECT}(?: again)?{_E}|{_B}(?:resume|unsilence|unmute|unsnooze){_E}"
    rf"|静観(?:を|の)?(?:解除|終了|取り?消し|取消|キャンセル|やめ|終わ[りるっ]?|終え[るま]?)|{_OBJECT_JA}(?:を|の)?(?:再開|開始)"
    rf"|{_OBJECT_JA}(?:停止|抑止|抑制)(?:を|の)?(?:解除|終了)"
)
_EXTEND = (
    rf"{_B}(?:extend|prolong)(?: (?:the |this |my )?silence)?{_E}"
    r"|静観(?:期間|時間)?(?:を|の)?延長|延長"
)
VERBS: Final = frozenset({"silence", "resume", "extend"})

# --- time -------------------------------------------------------------------------------------------------------

UNITS: Final = {
    1: ("s", "sec", "secs", "second", "seconds", "秒", "秒間"),
    60: ("m", "min", "mins", "minute", "minutes", "分", "分間"),
    3600: ("h", "hr", "hrs", "hour", "hours", "時間"),
    86_400: ("d", "day", "days", "日間"),
    604_800: ("w", "wk", "week", "weeks", "週間"),
}
SECONDS: Final = {name: seconds for seconds, names in UNITS.items() for name in names}
_UNIT = "|".join(sorted(SECONDS, key=len, reverse=True))
AMOUNT: Final = re.compile(rf"(\d{{1,5}}(?:\.\d{{1,3}})?)\s?({_UNIT})(?![A-Za-z])", re.IGNORECASE)
_AMOUNT = rf"\d{{1,5}}(?:\.\d{{1,3}})?\s?(?:{_UNIT})(?![A-Za-z])"
_DURATION = rf"(?<![A-Za-z0-9_.:/-]){_AMOUNT}(?:(?:\s?(?:and|と)?\s?){_AMOUNT}){{0,4}}(?P<half>半)?(?![A-Za-z0-9_./:-])"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS: Final = {name: number for number, name in enumerate(_MONTHS, start=1)}
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAYS = (
    "mon monday 月",
    "tue tues tuesday 火",
    "wed wednesday 水",
    "thu thur thurs thursday 木",
    "fri friday 金",
    "sat saturday 土",
    "sun sunday 日",
)
WEEKDAYS: Final = {name: day for day, names in enumerate(_WEEKDAYS) for name in names.split()}
_WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
)
RELATIVE: Final = {
    **dict.fromkeys(("today", "tonight", "今日", "本日", "当日", "今夜", "今晩"), 0),
    **dict.fromkeys(("tomorrow", "明日", "明朝", "明晩", "翌日", "翌朝", "翌", "あした", "あす"), 1),
    **dict.fromkeys(("明後日", "あさって", "翌々日"), 2),
}
# Counted from the start of a window, not from today.
FOLLOWING: Final = frozenset({"翌日", "翌朝", "翌", "翌々日"})
_SAID_WEEKDAY = r"(?:\s?\((?P<{0}>[月火水木金土日]|mon|tue|wed|thu|fri|sat|sun)(?:曜日?)?\))?"
_N = r"(?<![A-Za-z0-9_./-])"
_ISO = (
    rf"{_N}(?P<y>20\d\d)(?:-(?P<mo>\d{{1,2}})-(?P<d>\d{{1,2}})(?![\d/])|/(?P<mo2>\d{{1,2}})/(?P<d2>\d{{1,2}})(?![\d/])"
    r"|年(?P<mo3>\d{1,2})月(?P<d3>\d{1,2})日)" + _SAID_WEEKDAY.format("wd1")
)
_MONTH_DAY = rf"{_N}(?P<mo4>\d{{1,2}})(?:/(?P<d4>\d{{1,2}})(?![\d/.])|月(?P<d5>\d{{1,2}})日)" + _SAID_WEEKDAY.format(
    "wd2"
)
_DAY = rf"{_N}(?P<d6>\d{{1,2}})日(?!間)" + _SAID_WEEKDAY.format("wd3")
_NAMED_MONTH = (
    rf"{_B}(?:(?P<nmo1>{_MONTH}) (?P<nd1>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"|(?P<nd2>\d{{1,2}})(?:st|nd|rd|th)? (?P<nmo2>{_MONTH}))"
    r"(?:,? (?P<ny>20\d\d))?(?![A-Za-z0-9_:/-])"
)
_RELATIVE = (
    rf"(?P<rel>{_B}(?:today|tonight|tomorrow){_E}|翌々日|翌日|翌朝|翌|明後日|あさって|明日|明朝|明晩|今日|本日|当日|今夜"
    r"|今晩|あした)(?!中)"
)
_BAD_DATE = rf"{_B}(?:next|this|coming) {_WEEKDAY}{_E}|来週|再来週|今週|来月|月末"

_TIME = (
    r"(?:(?<=\d)T|(?<![A-Za-z0-9_.:/]))(?:(?P<day_part>午前|午後|朝|夜|夕方|深夜|早朝)(?:の|\s)?)?"
    r"(?:(?P<h>\d{1,2}):(?P<mi>\d{2})(?::\d{2})?|(?P<h2>\d{1,2})時(?!間)(?:(?P<mi2>\d{1,2})分|(?P<half_past>半))?"
    r"|(?P<h3>\d{1,2})(?=\s?[ap]\.?m\b))(?:\s?(?P<ap>[ap])\.?m\b)?(?![\d:]|\.\d)"
    rf"|(?P<noon>{_B}(?:noon|midnight){_E}|正午)"
)
ZONES: Final = {"jst": "Asia/Tokyo", "utc": "UTC", "gmt": "UTC", "z": "UTC", "日本時間": "Asia/Tokyo"}
# Each names several places: India, Israel or Ireland; Chicago, China or Cuba; …
AMBIGUOUS_ZONES: Final = (
    "IST|CST|CDT|BST|EST|EDT|PST|PDT|MST|MDT|AST|WST|SST|ECT|GST|CET|CEST|EET|EEST|WET|KST|HKT|SGT|AEST|AEDT|NZST|NZDT"
)
_ZONE = (
    r"\(?(?:(?P<zone_name>JST|UTC|GMT|(?<=\d)Z)(?P<zone_offset>[+-]\d{1,2}(?::?\d\d)?)?(?![A-Za-z0-9_-])|(?P<zone_ja>日本時間)"
    r"|(?<=[\d ])(?P<offset>\+\d\d:?\d\d)(?![\d:])"  # a minus there begins the end of a range
    r"|(?P<area>(?:Asia|Europe|America|Australia|Pacific|Africa|Atlantic|Indian|Etc)/[A-Za-z_/+-]{2,40}\d{0,2})"
    rf"|(?P<ambiguous>{AMBIGUOUS_ZONES})(?![A-Za-z0-9_-]))\)?"
)

# --- names and what joins them ----------------------------------------------------------------------------------

PROBLEMS: Final = {
    "bgp": "bgp_*",
    "ospf": "ospf_*",
    "isis": "isis_*",
    "bfd": "bfd_*",
    "vrrp": "fhrp_*",
    "hsrp": "fhrp_*",
}
_PROBLEM = rf"{_B}(?:bgp|ospf|is-?is|bfd|vrrp|hsrp)(?![A-Za-z0-9_*]|[.:/-][A-Za-z0-9*])"
_PREFIX = (
    r"(?:(?:(?:Two|Five|Ten|Forty|App)?Gigabit|Fast)?Ethernet|(?:Ten|TwentyFive|Forty|Fifty|Hundred|TwoHundred|FourHundred)GigE"
    r"|XGigabitEthernet|Port-channel|Bundle-Ether|Eth-Trunk|Loopback|Tunnel|Vlanif|Vlan|Management|MgmtEth|Serial|POS|BVI"
    r"|Gig?|Te|Tw|Twe|Fo|Hu|Fa|Fi|Eth?|Po|BE|Lo|Tu|Vl|Ma|Mg|Se|XGE|GE|mgmt|irb|reth|ens|eno|enp|bond|swp|ae|fxp|me|em|vme)"
)
_NUMBER = r"[\d*?\[][\w/.:*?\[\]]{0,48}(?:-\d{1,4})?"
INTERFACE: Final = re.compile(
    rf"(?:(?:ge|xe|et|so|st|gr|lt|sp|fe|mge)-{_NUMBER}|{_PREFIX}{_NUMBER}|{_PREFIX}\*)", re.IGNORECASE | re.ASCII
)
# Behind a host and a colon a number alone is a port.
PORT: Final = re.compile(r"\d{1,3}(?:/\d{1,4}){0,4}(?:\.\d{1,5})?", re.ASCII)
# A short form of the vendor's with two ports in one: which are meant is not for us to guess.
INTERFACE_RANGE: Final = re.compile(r"[A-Za-z][A-Za-z-]*\d[\w/.:]*-\d{1,4}")
_SPACED_INTERFACE = rf"{_B}{_PREFIX} \d{{1,3}}(?:/\d{{1,4}}){{1,4}}(?:\.\d{{1,5}})?(?![A-Za-z0-9_/-])"
DIGIT: Final = re.compile(r"\d", re.ASCII)
# What looks like a name of a device: letters and digits in one. A lone word never does.
HOSTLIKE: Final = re.compile(r"(?=[A-Za-z_.-]{0,64}\d)[A-Za-z][A-Za-z0-9_.-]{1,252}", re.ASCII)
PROBLEM: Final = re.compile(r"[a-z]{2,32}(?:_[a-z]{2,32}){1,5}", re.ASCII)
WORD: Final = re.compile(r"[A-Za-z]{0,64}", re.ASCII)
LABELS: Final = {
    **dict.fromkeys(("host", "hostname", "device", "node", "router", "switch"), "host"),
    **dict.fromkeys(("ホスト", "機器", "装置", "対象機器", "対象"), "host"),
    **dict.fromkeys(("interface", "ifname", "port", "if"), "interface"),
    **dict.fromkeys(("インターフェース", "インタフェース", "ポート"), "interface"),
    **dict.fromkeys(("site", "サイト", "拠点", "局舎"), "site"),
    **dict.fromkeys(("role", "役割", "ロール"), "role"),
}
TRAILING: Final = ".:-_/=!"
_RUN = r"[A-Za-z0-9_*?\[][A-Za-z0-9_.:/*?\[\]=-]{0,254}"
_NAME = r"[A-Za-z0-9_*?\[][A-Za-z0-9_.:/*?\[\]-]{0,254}"
_LABELLED = (
    rf"(?:{_B}(?:(?P<label>host|interface|site|role)(?:\s?[:=]\s?|\s)"
    r"|(?P<label_strict>hostname|device|node|router|switch|ifname|port|if)\s?[:=]\s?)"
    r"|(?P<label_ja>ホスト|対象機器|対象|機器|装置|インターフェース|インタフェース|ポート|サイト|拠点|局舎|役割|ロール)"
    rf"(?:名|は)?(?:\s?[:=]\s?|\s?))(?P<named>{_NAME})"
)

# --- the rest ---------------------------------------------------------------------------------------------------

_NEGATION = (
    rf"{_B}(?:do not|don't|dont|never|not|no need to|cannot|can't)"
    rf" (?:silence|mute|snooze|resume|unmute|unsilence|extend){_E}"
    r"|静観(?:を|の)?(?:解除|終了|延長)?(?:は|を|も)?(?:しない|不要|せず|しなくて)"
    r"|(?:解除|再開|延長)(?:は|を|も)?(?:しない|不要|せず|しなくて)"
)
_REASON = (
    rf"{_B}(?:reason|because(?: of)?|due to)(?P<reason_mark>\s?[:=]|\b)"
    r"|(?:理由|事由|作業内容|内容|備考)\s?(?:[:=]|は)\s?"
)
_FIELD = (
    r"(?:期間|日時|時間|時刻|作業時間|終了予定|終了|期限)\s?[:=]\s?"
    rf"|{_B}(?:window|period|when|time|duration)\s?[:=]\s?"
)
_UNTIL = rf"{_B}(?:until|till|til|by|through|ending at|ends at|ending|ends)(?:\s?[:=]|(?![A-Za-z0-9_.-]))|までに?|迄"
_FROM = rf"{_B}(?:from|starting(?: at| from)?|beginning(?: at)?|at)(?:\s?[:=]|(?![A-Za-z0-9_.-]))|から|より|以降"
_DASH = rf"~|->|-(?=[\s\d翌明])|→|{_B}to(?![A-Za-z0-9_.-])"
_NOW = rf"{_B}(?:from now(?: on)?|as of now|now){_E}|今から|いまから|これから|現在から|只今から"
_ENDLESS = (
    rf"{_B}(?:until further notice|indefinitely|for ?ever|permanently){_E}"
    rf"|{_B}until (?:it is |it's )?(?:fixed|done|resolved){_E}"
    r"|当面(?:の間)?|しばらく|無期限|恒久|復旧まで|別途連絡(?:する)?まで|作業終了まで|連絡(?:する|ある|がある)?まで"
)
# What a silence cannot be: with exceptions, again and again, of one severity; and what starts after a while.
_EXCEPTION = (
    rf"{_B}(?:except(?: for| from)?|excluding|other than|apart from|(?:all|everything|anything) but|but not){_E}"
    r"|以外|除(?:く|い|き|外)"
)
_RECURRING = (
    rf"{_B}(?:daily|nightly|weekly|every (?:day|night|week|morning|evening|{_WEEKDAY})|each (?:day|night|week)|weekdays"
    rf"|weekends){_E}|毎日|毎晩|毎朝|毎週|毎月|毎回|平日|隔週"
)
_SEVERITY = rf"{_B}(?:critical|major|minor|warnings?|severity){_E}|重大度|クリティカル"
_LATER = rf"{_B}(?:in|after) {_AMOUNT}|(?<![A-Za-z0-9_.:/-]){_AMOUNT}後"
_DAY_ONLY = (
    rf"{_B}(?:all day(?: long)?|(?:until |by )?(?:the )?end of (?:the )?day|eod){_E}|終日|(?P<within>今日|本日|明日)中"
)

# No alternative begins with another character (a test holds it to that): most of a text is passed over at once.
FIRST: Final = (
    r"A-Za-z0-9_*?\[#~(+→\-"
    "以除毎平隔重ク静架発通監コ連ア呼電延解再理事作内備期日時終今本明来月火水木金土翌当あ復別無恒し午朝夜夕深早正ホ対機装イポサ拠局役ロまか"
    "よ以迄現只いこ"
)
TOKEN: Final = re.compile(
    rf"(?=[{FIRST}])(?:"
    + "|".join(
        rf"(?P<{kind}>{pattern})"
        for kind, pattern in (
            ("dash", _DASH),
            ("negation", _NEGATION),
            ("exception", _EXCEPTION),
            ("recurring", _RECURRING),
            ("severity", _SEVERITY),
            ("later", _LATER),
            ("endless", _ENDLESS),
            ("resume", _RESUME),
            ("extend", _EXTEND),
            ("silence", _SILENCE),
            ("reason", _REASON),
            ("field", _FIELD),
            ("number", r"#(?P<id>\d{1,9})(?!\d)"),
            ("iso", _ISO),
            ("month_day", _MONTH_DAY),
            ("day", _DAY),
            ("named_month", _NAMED_MONTH),
            ("day_only", _DAY_ONLY),
            ("bad_date", _BAD_DATE),
            ("relative", _RELATIVE),
            ("weekday", rf"(?P<wd>{_B}{_WEEKDAY}{_E}|[月火水木金土日]曜日?)"),
            ("time", _TIME),
            ("duration", _DURATION),
            ("zone", _ZONE),
            ("now", _NOW),
            ("until", _UNTIL),
            ("from", _FROM),
            ("problem", _PROBLEM),
            ("labelled", _LABELLED),
            ("spaced_interface", _SPACED_INTERFACE),
            ("run", _RUN),
        )
    )
    + ")",
    re.IGNORECASE | re.ASCII,
)

# --- what says nothing ------------------------------------------------------------------------------------------

_SMALL = (
    "a|about|again|all|alarms?|alerts?|also|and|any|at|both|by|calls?|calling|devices?|for|from|hello|hey|hi|hosts?|in"
    "|interfaces?|kindly|me|next|of|on|only|our|pages|paging|pls|please|routers?|sessions?|switch(?:es)?|thank you"
    "|thanks|that|the|these|this|to|until|us|will you|with|would you|can you|could you|you|fannel|team|folks"
    "|everybody|everyone|neighbou?rs?|peers?"
)
_SMALL_JA = (
    "お願いいたします|お願い致します|お願いします|おねがいします|お願いできますか|お願い|願います|していただけますか"
    "|いただけますか|してもらえますか|もらえますか|してください|して下さい|ください|下さい|にて|にしてください|とします"
    "|にします|します|する|して|でお願い|依頼|希望|および|及び|または|また|向こう|あと|今後|の間|間|ほど|くらい|ぐらい"
    "|のため|の為|ため|につき|により|による|です|ます|よろしく|至急|申請|連絡|期間|全て|すべて|のみ|だけ|の|を|は|に|で|と|が|も|へ|や"
)
_MARKS = r"[\s,;:.!?&+()\[\]{}<>「」『』【】《》〈〉・/~\"'|=_…*-]"
GLUE: Final = re.compile(rf"(?:{_MARKS}|(?<![A-Za-z0-9])(?:{_SMALL})(?![A-Za-z0-9])|{_SMALL_JA})*+", re.IGNORECASE)
LEADING: Final = re.compile(rf"(?:{_MARKS}|(?<![A-Za-z0-9])(?:{_SMALL})(?![A-Za-z0-9])|{_SMALL_JA})++", re.IGNORECASE)
_LAST = (
    rf"(?:{_MARKS}|(?<![A-Za-z0-9])(?:please|pls|thanks|thank you|for|and|on|to|from|at|the)(?![A-Za-z0-9])"
    rf"|{_SMALL_JA})"
)
TRAILED: Final = re.compile(rf"{_LAST}\Z", re.IGNORECASE)

LIST: Final = re.compile(
    r"(?:fannel )?(?:(?:list|show)(?: me)?(?: all| active| current| the)? silences?|silences?(?: list| status)?"
    r"|silence (?:list|status)|list|what is silenced"
    r"|静観(?:中|一覧|中一覧|リスト|状況)?(?:の)?(?:一覧|リスト|状況|確認))(?:を)?(?: ?お願いします| ?please)?[?.! ]*",
    re.IGNORECASE,
)
HELP: Final = re.compile(
    r"(?:fannel )?(?:(?:silence )?help(?: silences?)?[?.! ]*|(?:静観(?:の)?)?(?:使い方|ヘルプ)[?.! ]*)", re.IGNORECASE
)

EVERYTHING: Final = re.compile(r"\s*(?:everything|anything|all)(?![A-Za-z0-9])", re.IGNORECASE)

# --- talk that only mentions it -----------------------------------------------------------------------------------

ASKED_POLITELY: Final = re.compile(
    r"(?:(?:hi|hello|hey|ok|okay|please|pls|fannel|team|all)[\s,!:]+){0,4}"
    r"(?:can|could|would|will) (?:you|somebody|someone|we) ",
    re.IGNORECASE,
)
ASKING: Final = re.compile(
    r"(?:and |so |but |ok(?:ay)?,? )?(?:why|who|whose|what|when|where|how|did|does|is|are|was|were|has|have|should"
    r"|shall|which|any(?:one|body)?|do (?!not )\w+|if|can (?:i|he|she|they)|could (?:i|he|she|they))\b",
    re.IGNORECASE,
)
TOLD_BEFORE: Final = re.compile(
    r"(?<![A-Za-z])(?:the|a|an|this|that|which|radio|of|in|my|our|your|any|some|no|under|after|before|during|i|we|they|he"
    r"|he|she|it|you|i'll|we'll|they'll|i'd|we'd|will|to|should|shall|must|might|may|was|were|been|be|is|are|not|did|has|had"
    r"|have|who|active|current|old|new|last|previous|previously|already|never|total|complete|dead)\s\Z",
    re.IGNORECASE,
)
TOLD_AFTER: Final = re.compile(
    r"\s(?:is|was|has|had|will|ended|ends|expired|expires|of|period|your|yourself|my|me|him|her|us|them|it|since"
    r"|requests?|button)(?![A-Za-z0-9])"
    r"|(?:の|を)?(?:中(?:で|の|に|も|だ|は|$)|済み?|され|した|しまし|していま|している|していた(?!だ)|してた|の件"
    r"|の状態|のまま|でした|べき|しますか|するか|ですか|でしょうか|予定|漏れ|忘れ|について|に関|って)"
    r"|(?:を|が)(?:入れ|かけ|入っ|かかっ|設定)(?:た|て)",
    re.IGNORECASE,
)
QUESTION_JA: Final = re.compile(r"(?:ですか|ますか|ましたか|でしょうか|かな|っけ)[?.\s]*\Z")
POLITE_JA: Final = re.compile(
    r"(?:いただけ|頂け|もらえ|貰え|くれ|願え|お願いでき)(?:ます|ません)(?:か|でしょうか)?[?.\s]*\Z"
)
JAPANESE: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
