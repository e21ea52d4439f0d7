"""FANNEL's own reasons in Japanese: each by its English form, grouped by the room in which it arises."""

from __future__ import annotations

REASONS = (
    # login
    ("waited {seconds} s: {who} was looking at this device", "{seconds}秒待機: {who}が機器を確認中だったため"),
    ("{who} is looking at this device; gave up after {seconds} s", "{who}が機器を確認中。{seconds}秒待って断念"),
    ("another run ({owner}, since {time})", "別の実行 ({owner}、{time} 開始)"),
    ("another run", "別の実行"),
    ("incident {id} on {host}, process {pid}", "インシデント {id}、{host}、プロセス {pid}"),
    ("a check on {host}, process {pid}", "確認実行、{host}、プロセス {pid}"),
    (
        "nobody can tell whether another run is logged in to this device: {error}",
        "他の実行が機器にログイン中か判断不能: {error}",
    ),
    (
        "the lease of this device was lost, another run may be logged in",
        "機器のリースを喪失。他の実行がログイン中の可能性あり",
    ),
    # respond
    ("it was raised again meanwhile", "確認中に再発"),
    (
        "pagoda gives this address to several devices: {names}; nobody logged in",
        "pagoda上でこのアドレスの機器が複数: {names}。ログイン未実施",
    ),
    ("pagoda does not know this device; nobody logged in", "pagoda未登録の機器。ログイン未実施"),
    ("pagoda names no platform for this device; nobody logged in", "pagodaに機種情報なし。ログイン未実施"),
    ("no rule looks at {problem} on {os}; nobody logged in", "{os} の {problem} を確認するルールなし。ログイン未実施"),
    ("seen by FANNEL itself", "FANNEL自身が検知"),
    # checks
    ("no check for {problem} on {os}", "{os} の {problem} 用チェックなし"),
    ("an unknown operating system", "OS不明の機器"),
    ("the device knows no interface with ifIndex {index}", "ifIndex {index} のインターフェースが機器上に存在しない"),
    ("the answer to `{command}` cannot be read: {error}", "`{command}` の出力を解釈できない: {error}"),
    ("no rule of the check fits what the device says", "機器の出力に該当する判定ルールなし"),
    ("rule {number} of the check cannot be decided: {why}", "チェックの判定ルール {number} を評価できない: {why}"),
    (
        "this host is reached by {kind}; checks need ansible.netcommon.network_cli",
        "接続方式が {kind}。チェックには ansible.netcommon.network_cli が必要",
    ),
    ("{name} is not known ({why})", "{name} が不明 ({why})"),
    ("the {name} is not known", "{name} が不明"),
    (
        "the {name} as reported is not a valid {kind}, so nothing was sent to the device",
        "通知された {name} が {kind} として不正。機器へのコマンド送信を中止",
    ),
    ("the check did not run", "チェック未実行"),
    # intake: storms and quiet sources
    ("more than {burst} events at once and {rate} a second", "一度に {burst} 件超、毎秒 {rate} 件超の通知"),
    ("over; {n} events were held back, folded or only counted", "収束。保留・集約・計数のみとした通知 {n} 件"),
    ("heard nothing for {seconds} s", "{seconds}秒間 通知なし"),
    ("heard again after {seconds} s", "{seconds}秒ぶりに受信再開"),
    # intake: what was refused
    ("its address is in none of trap.allowed_sources", "trap.allowed_sources にない送信元"),
    ("an SNMP {version} {pdu} with a community not configured", "SNMP {version} {pdu} のコミュニティ不一致"),
    (
        "a PROXY protocol header, and its address is in none of trap.proxy_from",
        "PROXYプロトコルのヘッダあり。送信元が trap.proxy_from にない",
    ),
    ("a PROXY protocol header with {error}", "PROXYプロトコルのヘッダ不正: {error}"),
    (
        "no user {user} for engine {engine} and source {source}",
        "ユーザ {user} 未設定 (engine {engine}、送信元 {source})",
    ),
    ("not made with the auth key of user {user}", "ユーザ {user} の認証鍵不一致"),
    ("not encrypted with the priv key of user {user}", "ユーザ {user} の暗号鍵不一致"),
    ("user {user} has no privacy", "ユーザ {user} は暗号化の設定なし"),
    ("the same trap of engine {engine} again", "engine {engine} の同一トラップの再送 (リプレイ)"),
    # incidents: what follows from what
    ("the device restarted {seconds} s before", "{seconds}秒前に機器再起動"),
    ("its uptime fell from {was} to {now}", "稼働時間が {was} から {now} に減少"),
    ("the other end of the same link as {cause}", "{cause} の対向"),
    ("a part of {cause}", "{cause} のサブインターフェース"),
    ("a bundle that went down with {cause}", "{cause} と同時にダウンしたLAG"),
    ("the device itself took {cause} out of service", "機器自身が {cause} を閉塞"),
    ("{cause} is a member of the bundle", "{cause} はLAGのメンバー"),
    ("the line protocol of {cause}", "{cause} のラインプロトコル"),
    ("lies on {cause}", "{cause} 上"),
    ("{cause} leads to it", "{cause} の接続先"),
    ("at the same time as {cause}", "{cause} と同時"),
    # silences
    ("nothing is silenced there: {what}", "該当する静観はありません: {what}"),
    (
        "silence #{id} is about more ({what}): end it as a whole by its number, and silence what is to stay quiet",
        "静観 #{id} の対象はそれより広いため ({what})、番号で全体を解除し、必要な分を改めて静観してください",
    ),
    (
        "silence #{id} is about more ({what}): extend it by its number",
        "静観 #{id} の対象はそれより広いため ({what})、番号で延長してください",
    ),
    ("silence #{id} lasts as long already", "静観 #{id} は既にその時刻まで有効です"),
    ("silence #{id} has ended: add another one", "静観 #{id} は終了済みです。新しく登録してください"),
    ("silence #{id} has ended", "静観 #{id} は終了済みです"),
    (
        "silence #{id} was changed by somebody else just now: look again",
        "静観 #{id} は他の担当者が変更した直後です。再度確認してください",
    ),
    (
        "it would last longer than {days} days (silences.longest_days)",
        "{days} 日 (silences.longest_days) を超える静観はできません",
    ),
    ("it is about {n} hosts, more than {most}", "対象が {n} 台 ({most} 台超)"),
    ("it lasts longer than {hours} hours", "期間が {hours} 時間超"),
    ("it is about what is critical", "重大な障害が対象"),
    ("it is about a whole device of the role {role}", "役割 {role} の機器全体が対象"),
)
