"""One message's blocks, attachments and files to HTML."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from fannel.lab.slack.mrkdwn import link, mention, plain, to_html

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fannel.lab.slack.mrkdwn import Reader
    from fannel.lab.slack.workspace import File

Json = dict[str, Any]

PREVIEW_LINES = 5
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\Z")
_COLOUR_NAMES = {"good": "#2eb886", "warning": "#daa038", "danger": "#a30200"}
_STYLES = {"bold": "strong", "italic": "em", "strike": "s", "code": "code"}


def body(message: Json, reader: Reader) -> str:
    """What a message says: its blocks, or its text when it has none, then the attachments."""
    blocks = message.get("blocks")
    said = blocks_html(blocks, reader) if blocks else _paragraph(to_html(str(message.get("text", "")), reader))
    return said + "".join(_attachment(one, reader) for one in message.get("attachments") or ())


def file_card(file: File) -> str:
    """A shared text file: name, size and its first lines."""
    lines = (file.content or b"").decode(errors="replace").splitlines()
    more = f'<div class="more">+ {len(lines) - PREVIEW_LINES} more lines</div>' if len(lines) > PREVIEW_LINES else ""
    preview = html.escape("\n".join(line[:200] for line in lines[:PREVIEW_LINES]))
    size = f"{len(file.content or b'') / 1000:.1f} kB"
    return (
        f'<div class="file"><div class="file-head"><span class="file-icon">TXT</span><span>'
        f"<b>{html.escape(file.title or file.name)}</b><small>{html.escape(file.name)} · {size}</small></span></div>"
        f"<pre>{preview}</pre>{more}</div>"
    )


def blocks_html(blocks: Iterable[Json], reader: Reader) -> str:
    """Blocks one after another."""
    return "".join(_block(block, reader) for block in blocks)


def _block(block: Json, reader: Reader) -> str:
    match block.get("type"):
        case "section":
            parts = [block["text"]] if "text" in block else []
            return "".join(_paragraph(_text(part, reader)) for part in [*parts, *(block.get("fields") or ())])
        case "header":
            return f"<h3>{_text(block['text'], reader)}</h3>"
        case "divider":
            return "<hr>"
        case "context":
            return f'<div class="context">{" ".join(_text(part, reader) for part in block["elements"])}</div>'
        case "rich_text":
            return "".join(_rich(part, reader) for part in block["elements"])
        case "actions":
            return f'<div class="actions">{"".join(map(_pressed, block["elements"]))}</div>'
    return f'<div class="context">[{html.escape(str(block.get("type")))}]</div>'


def _pressed(element: Json) -> str:
    """A button of the form around the message (phone.py): it sends its action_id, and its value after a space."""
    label = plain(str((element.get("text") or element.get("placeholder") or {}).get("text", "…")))
    action, value = str(element.get("action_id", "")), str(element.get("value", ""))
    sent = html.escape(f"{action} {value}" if value else action)
    if element.get("type") == "button":
        return f'<button name="press" value="{sent}">{label}</button>'
    return f'<button formmethod="get" formaction="/choose" name="press" value="{sent}">{label} ▾</button>'


def _paragraph(inner: str) -> str:
    return f"<p>{inner}</p>" if inner else ""


def _text(text: Json, reader: Reader) -> str:
    written = str(text.get("text", ""))
    return to_html(written, reader) if text.get("type") == "mrkdwn" else plain(written)


def _rich(part: Json, reader: Reader) -> str:
    inner = "".join(_leaf(leaf, reader) for leaf in part.get("elements", ()))
    match part.get("type"):
        case "rich_text_preformatted":
            return f"<pre>{inner}</pre>"
        case "rich_text_quote":
            return f"<blockquote>{inner}</blockquote>"
        case "rich_text_list":
            return f"<ul>{inner}</ul>"
    return _paragraph(inner.replace("\n", "<br>"))


def _leaf(leaf: Json, reader: Reader) -> str:
    match leaf.get("type"):
        case "text":
            # Rich text is never parsed for mark-up, entities included.
            shown = html.escape(str(leaf.get("text", "")))
            for style, tag in _STYLES.items():
                if (leaf.get("style") or {}).get(style):
                    shown = f"<{tag}>{shown}</{tag}>"
            return shown
        case "link":
            return link(str(leaf.get("url", "")), str(leaf.get("text", "")))
        case "user":
            return mention("@" + reader.names.get(str(leaf.get("user_id")), str(leaf.get("user_id"))))
        case "broadcast":
            return mention(f"@{leaf.get('range', 'channel')}", loud=True)
        case "emoji":
            return html.escape(f":{leaf.get('name', '')}:")
        case "rich_text_section":
            return f"<li>{''.join(_leaf(one, reader) for one in leaf.get('elements', ()))}</li>"
    return html.escape(f"[{leaf.get('type')}]")


def _attachment(attachment: Json, reader: Reader) -> str:
    given = str(attachment.get("color", ""))
    colour = given if _COLOUR.match(given) else _COLOUR_NAMES.get(given, "#dddddd")
    if attachment.get("blocks"):
        inner = blocks_html(attachment["blocks"], reader)
    else:
        inner = _paragraph(to_html(str(attachment.get("text") or attachment.get("fallback") or ""), reader))
    return f'<div class="attachment" style="border-color:{colour}">{inner}</div>'
