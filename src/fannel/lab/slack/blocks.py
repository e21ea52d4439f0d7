"""Block Kit validation: what Slack refuses, said as Slack says it, with a json-pointer to the place.

Only the blocks FANNEL may ever use are known; any other type is refused as unsupported, which is stricter than Slack
and never kinder. Lengths count UTF-16 units, the longest way Slack could count them.
https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from typing import Any

from fannel.lab.slack.refusal import Refusal

Json = dict[str, Any]

MAX_BLOCKS = 50
MAX_ATTACHMENTS = 100
# Undocumented; rejections were measured between 11,300 and 13,300 characters (slackapi/bolt-js#2509).
MAX_TEXT_OF_ALL_BLOCKS = 12_000
MAX_METADATA = 8_000

_COMMON = {"type", "block_id"}
_KEYS: dict[str, set[str]] = {
    "section": {"text", "fields", "accessory", "expand"},
    "header": {"text", "level"},
    "divider": set(),
    "context": {"elements"},
    "actions": {"elements"},
    "rich_text": {"elements"},
    "image": {"image_url", "alt_text", "title", "slack_file"},
}
_ELEMENTS = {
    "button": {"text", "value", "url", "style", "accessibility_label"},
    "static_select": {"placeholder", "options", "option_groups", "initial_option", "focus_on_load"},
    "overflow": {"options"},
}
_RICH_PARTS = {"rich_text_section", "rich_text_preformatted", "rich_text_quote", "rich_text_list"}
_RICH_LEAVES = {"text", "link", "user", "usergroup", "channel", "emoji", "date", "broadcast", "color"}


def length(text: str) -> int:
    """UTF-16 units: an emoji counts two."""
    return len(text) + sum(ord(char) > 0xFFFF for char in text)


def check(blocks: object, where: str = "/blocks") -> int:
    """Accept a list of blocks and return how much text it holds.

    Raises:
        Refusal: invalid_blocks_format, or invalid_blocks with `errors` like Slack's.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refusal("invalid_blocks_format")
    inspection = _Inspection()
    inspection.blocks(blocks, where)
    if errors := inspection.errors:
        messages = [f"[ERROR] {error}" for error in errors]
        raise Refusal("invalid_blocks", {"errors": errors, "response_metadata": {"messages": messages}})
    return _text_of(blocks)


def check_message(arguments: Json) -> None:
    """Accept blocks, attachments and metadata of a message as chat.postMessage does.

    Raises:
        Refusal: with Slack's code.
    """
    total = check(arguments["blocks"]) if arguments.get("blocks") else 0
    attachments = arguments.get("attachments") or []
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise Refusal("invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise Refusal("too_many_attachments")
    for index, attachment in enumerate(attachments):
        if attachment.get("blocks"):
            total += check(attachment["blocks"], f"/attachments/{index}/blocks")
    if total > MAX_TEXT_OF_ALL_BLOCKS:
        raise Refusal("msg_blocks_too_long")
    if (metadata := arguments.get("metadata")) is not None:
        _check_metadata(metadata)


def _check_metadata(metadata: object) -> None:
    if (
        not isinstance(metadata, dict)
        or set(metadata) - {"event_type", "event_payload", "entities"}
        or not isinstance(metadata.get("event_type"), str)
        or not isinstance(metadata.get("event_payload"), dict)
    ):
        raise Refusal("invalid_metadata_format")
    if len(str(metadata)) > MAX_METADATA:
        raise Refusal("metadata_too_large")


class _Inspection:
    """Walks blocks and collects what is wrong with them."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def blocks(self, blocks: list[Json], where: str) -> None:
        """A list of blocks."""
        if len(blocks) > MAX_BLOCKS:
            self._wrong(f"no more than {MAX_BLOCKS} items allowed", where)
        seen: set[str] = set()
        for index, block in enumerate(blocks):
            pointer, kind = f"{where}/{index}", str(block.get("type"))
            if kind not in _KEYS:
                self._wrong(f"unsupported type: {kind}", f"{pointer}/type")
                continue
            for key in sorted(set(block) - _KEYS[kind] - _COMMON):
                self._wrong(f"invalid additional property: {key}", pointer)
            if "block_id" in block:
                self._string(block["block_id"], 255, f"{pointer}/block_id")
                if block["block_id"] in seen:
                    self._wrong(f"`block_id` already exists: {block['block_id']}", f"{pointer}/block_id")
                seen.add(str(block["block_id"]))
            self._block(kind, block, pointer)

    def _block(self, kind: str, block: Json, pointer: str) -> None:
        match kind:
            case "section":
                self._section(block, pointer)
            case "header":
                self._text(block.get("text"), 150, f"{pointer}/text", plain=True)
            case "image":
                self._string(block.get("image_url"), 3000, f"{pointer}/image_url")
                self._string(block.get("alt_text"), 2000, f"{pointer}/alt_text")
            case "actions":
                self._actions(block.get("elements"), f"{pointer}/elements")
            case "context" | "rich_text":
                most, inspect = {"context": (10, self._fact), "rich_text": (None, self._rich)}[kind]
                for where, one in self._items(block.get("elements"), 1, most, f"{pointer}/elements"):
                    inspect(one, where)

    def _section(self, block: Json, pointer: str) -> None:
        if "text" not in block and not block.get("fields"):
            self._wrong("missing required field: text", pointer)
        if "text" in block:
            self._text(block["text"], 3000, f"{pointer}/text")
        for where, one in self._items(block.get("fields", []), 0, 10, f"{pointer}/fields"):
            self._text(one, 2000, where)

    def _fact(self, element: Json, pointer: str) -> None:
        if element.get("type") != "image":
            self._text(element, 3000, pointer)

    def _actions(self, elements: object, pointer: str) -> None:
        seen: set[str] = set()
        for where, one in self._items(elements, 1, 25, pointer):
            self._element(one, where)
            if (action := one.get("action_id")) in seen:
                self._wrong(f"`action_id` {action} already exists for a different element", where)
            if isinstance(action, str):
                seen.add(action)

    def _element(self, element: Json, pointer: str) -> None:
        kind = str(element.get("type"))
        if kind not in _ELEMENTS:
            self._wrong(f"unsupported type: {kind}", f"{pointer}/type")
            return
        for key in sorted(set(element) - _ELEMENTS[kind] - {"type", "action_id", "confirm"}):
            self._wrong(f"invalid additional property: {key}", pointer)
        for key, most in (("action_id", 255), ("value", 2000), ("url", 3000)):
            if key in element:
                self._string(element[key], most, f"{pointer}/{key}")
        if kind == "button":
            self._text(element.get("text"), 75, f"{pointer}/text", plain=True)
            if element.get("style", "primary") not in ("primary", "danger"):
                self._wrong(f"unsupported style: {element['style']}", f"{pointer}/style")
        else:
            self._menu(kind, element, pointer)

    def _menu(self, kind: str, element: Json, pointer: str) -> None:
        if kind == "static_select":
            self._text(element.get("placeholder"), 150, f"{pointer}/placeholder", plain=True)
        if "option_groups" in element:
            for where, group in self._items(element["option_groups"], 1, 100, f"{pointer}/option_groups"):
                self._text(group.get("label"), 75, f"{where}/label", plain=True)
                self._options(group.get("options"), 100, f"{where}/options")
        else:
            self._options(element.get("options"), 5 if kind == "overflow" else 100, f"{pointer}/options")

    def _options(self, options: object, most: int, pointer: str) -> None:
        for where, option in self._items(options, 1, most, pointer):
            self._text(option.get("text"), 75, f"{where}/text", plain=True)
            self._string(option.get("value"), 150, f"{where}/value")

    def _rich(self, element: Json, pointer: str) -> None:
        kind = element.get("type")
        if kind not in _RICH_PARTS:
            self._wrong(f"unsupported type: {kind}", f"{pointer}/type")
            return
        for where, leaf in self._items(element.get("elements"), 0, None, f"{pointer}/elements"):
            if kind == "rich_text_list":
                self._rich(leaf, where)
            elif leaf.get("type") not in _RICH_LEAVES:
                self._wrong(f"unsupported type: {leaf.get('type')}", f"{where}/type")
            elif leaf["type"] == "text":
                self._string(leaf.get("text"), None, f"{where}/text")

    def _items(self, items: object, least: int, most: int | None, pointer: str) -> list[tuple[str, Json]]:
        """The objects of a list, each with its pointer."""
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            self._wrong("must provide an array of objects", pointer)
            return []
        if len(items) < least:
            self._wrong(f"no fewer than {least} items allowed", pointer)
        if most is not None and len(items) > most:
            self._wrong(f"no more than {most} items allowed", pointer)
        return [(f"{pointer}/{index}", item) for index, item in enumerate(items)]

    def _text(self, text: object, most: int, pointer: str, *, plain: bool = False) -> None:
        if not isinstance(text, dict):
            self._wrong("must provide an object", pointer)
            return
        kind = text.get("type")
        if kind not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
            self._wrong(f"unsupported type: {kind}", f"{pointer}/type")
        allowed = {"type", "text", "emoji"} if kind == "plain_text" else {"type", "text", "verbatim"}
        for key in sorted(set(text) - allowed):
            self._wrong(f"invalid additional property: {key}", pointer)
        self._string(text.get("text"), most, f"{pointer}/text")

    def _string(self, value: object, most: int | None, pointer: str) -> None:
        if not isinstance(value, str):
            self._wrong("must provide a string", pointer)
        elif not value:
            self._wrong("must be more than 0 characters", pointer)
        elif most is not None and length(value) > most:
            self._wrong(f"must be less than {most + 1} characters", pointer)

    def _wrong(self, what: str, pointer: str) -> None:
        self.errors.append(f"{what} [json-pointer:{pointer}]")


def _text_of(value: object) -> int:
    if isinstance(value, dict):
        return sum(
            length(item) if key == "text" and isinstance(item, str) else _text_of(item) for key, item in value.items()
        )
    return sum(map(_text_of, value)) if isinstance(value, list) else 0
