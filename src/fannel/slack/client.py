"""Slack's Web API as FANNEL uses it: a few calls, every failure typed, nothing retried behind the caller's back.

slack_sdk's own retry handlers are off: its default repeats a post whose answer was lost, and so can post twice.
The SDK prints request bodies and response headers at DEBUG, therefore it gets a logger that passes nothing on.

Proxies: HTTPS_PROXY is read when the client is built and NO_PROXY is honoured for each request (urllib). A CA of the
company's own comes in as `ssl` or through SSL_CERT_FILE.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import math
import urllib.error
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.client import WebClient
from slack_sdk.webhook import WebhookClient

from fannel.slack.errors import AsWanted, MessageNotFound, OutcomeUnknown, RateLimited, SlackError, Unreachable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from slack_sdk.web.slack_response import SlackResponse

    from fannel.slack.blocks import Json

SLACK_API = "https://slack.com/api/"
# conversations.history and .replies are tier 3; 1000 messages are as much as an hour of storm in one channel.
PAGE, PAGES = 200, 5

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Posted:
    """A message Slack accepted. `thread_ts` is None for a top-level message.

    A reply whose `thread_ts` is None was un-threaded: its parent is gone, and the reply now stands in the channel
    by itself (slack-go/slack#1571). It is the root of the thread from then on.
    """

    ts: str
    thread_ts: str | None


@dataclass(frozen=True, slots=True)
class Me:
    """Who the token is: `user_id` and `bot_id` tell FANNEL's own posts from other people's.

    `scopes` are what it may do, as Slack says beside its answer (X-OAuth-Scopes); None where it does not.
    """

    team: str
    user: str
    user_id: str
    bot_id: str | None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """What matters of a channel before anything is posted there."""

    id: str
    name: str
    is_member: bool
    is_archived: bool
    is_private: bool


class SlackClient:
    """Thin over `slack_sdk.WebClient`. Every method raises a SlackError and nothing else."""

    def __init__(
        self, token: str, *, api_url: str = SLACK_API, timeout_s: float = 10.0, ssl: ssl.SSLContext | None = None
    ) -> None:
        self._logger = _silent()
        self._web = WebClient(
            token,
            base_url=api_url,
            timeout=timeout_s,  # type: ignore[arg-type]  # urllib takes fractions of a second
            ssl=ssl,
            retry_handlers=[],
            logger=self._logger,
        )

    def auth_test(self) -> Me:
        """Who the token is (auth.test)."""
        answer = self._tried("auth.test", self._web.auth_test)
        said = _object("auth.test", answer.data)
        scopes = _header(answer.headers, "x-oauth-scopes")
        return Me(
            team=said.get("team", ""),
            user=said.get("user", ""),
            user_id=said.get("user_id", ""),
            bot_id=said.get("bot_id"),
            scopes=None if scopes is None else frozenset(scope.strip() for scope in str(scopes).split(",")),
        )

    def channel_info(self, channel: str) -> Channel:
        """The channel with this ID (conversations.info)."""
        said = self._call("conversations.info", self._web.conversations_info, channel=channel)
        found = said.get("channel") or {}
        return Channel(
            id=found.get("id", channel),
            name=found.get("name", ""),
            is_member=bool(found.get("is_member")),
            is_archived=bool(found.get("is_archived")),
            is_private=bool(found.get("is_private")),
        )

    def post(
        self,
        channel: str,
        payload: Json,
        *,
        client_msg_id: str,
        thread_ts: str | None = None,
        broadcast: bool = False,
    ) -> Posted:
        """Post once (chat.postMessage), as a reply when `thread_ts` is given. Compare the answer's `thread_ts`.

        `client_msg_id` is a UUID that stays the same for every try of the same message: Slack may recognise a
        repetition by it, which is a help and no guarantee.
        """
        thread: Json = {"thread_ts": thread_ts, "reply_broadcast": broadcast} if thread_ts is not None else {}
        said = self._call(
            "chat.postMessage",
            self._web.chat_postMessage,
            channel=channel,
            client_msg_id=client_msg_id,
            unfurl_links=False,
            unfurl_media=False,
            **thread,
            **payload,
        )
        return _posted("chat.postMessage", said)

    def update(self, channel: str, ts: str, payload: Json) -> None:
        """Replace a message in place (chat.update). People get no push from it."""
        self._call("chat.update", self._web.chat_update, channel=channel, ts=ts, **payload)

    def react(self, channel: str, ts: str, name: str) -> None:
        """Put an emoji on a message (reactions.add), or leave the one that is there."""
        with contextlib.suppress(AsWanted):
            self._call("reactions.add", self._web.reactions_add, channel=channel, timestamp=ts, name=name)

    def unreact(self, channel: str, ts: str, name: str) -> None:
        """Take an emoji of ours off a message (reactions.remove), if it is there."""
        with contextlib.suppress(AsWanted):
            self._call("reactions.remove", self._web.reactions_remove, channel=channel, timestamp=ts, name=name)

    def upload(self, *, filename: str, content: str) -> str:
        """Bring a text file to Slack (files.getUploadURLExternal, upload) and return its id. Nobody sees it yet."""
        data = content.encode()
        said = self._call(
            "files.getUploadURLExternal",
            self._web.files_getUploadURLExternal,
            filename=filename,
            length=len(data),
            snippet_type="text",
        )
        file_id, url = said.get("file_id"), said.get("upload_url")
        if not isinstance(file_id, str) or not isinstance(url, str):
            raise OutcomeUnknown("not_json", method="files.getUploadURLExternal", details=("no file id or address",))
        self._put(url, data)
        return file_id

    def share(self, channel: str, thread_ts: str | None, file_id: str, *, title: str, comment: str) -> None:
        """Show an uploaded file in the thread (files.completeUploadExternal), with `comment` as the message's text.

        Slack does it a little later, and sometimes never although it answered ok: ask `shared`.
        """
        self._call(
            "files.completeUploadExternal",
            self._web.files_completeUploadExternal,
            files=[{"id": file_id, "title": title}],
            channel_id=channel,
            thread_ts=thread_ts,
            initial_comment=comment,
        )

    def shared(self, file_id: str, channel: str) -> str | None:
        """The ts of the message that shows the file in the channel by now, if one does (files.info)."""
        said = self._call("files.info", self._web.files_info, file=file_id)
        shares = (said.get("file") or {}).get("shares") or {}
        found = (one for by_channel in shares.values() for one in by_channel.get(channel) or ())
        return next((str(one.get("ts") or "") for one in found), None)

    def call(self, method: str, **arguments: str | bool) -> Json:
        """Any other method by its name: what Slack answers."""
        return self._call(method, lambda: self._web.api_call(method, data=arguments))

    def respond(self, url: str, payload: Json) -> None:
        """Answer a click or a slash command by the `response_url` that came with it (five times within 30 minutes)."""
        web = self._web
        webhook = WebhookClient(
            url,
            timeout=web.timeout,
            ssl=web.ssl,
            proxy=web.proxy,
            logger=self._logger,
            retry_handlers=[],
        )
        status = self._tried("response_url", lambda: webhook.send_dict(payload)).status_code
        if status != 200:
            raise _http_error("response_url", status, {})

    def find_by_key(self, channel: str, key: str, since: datetime, *, thread_ts: str | None = None) -> Posted | None:
        """The message whose metadata holds `key`, posted after `since` (aware), or None.

        A top-level message is in the channel's history; a reply is in its thread, or, when its parent was deleted
        meanwhile, in the channel.
        """
        return next(
            (
                Posted(message["ts"], message.get("thread_ts"))
                for message in self._recent(channel, since, thread_ts)
                if _event_payload(message).get("key") == key
            ),
            None,
        )

    # --- pieces ---------------------------------------------------------------------------------------------------

    def _recent(self, channel: str, since: datetime, thread_ts: str | None) -> Iterator[Json]:
        window = {"channel": channel, "oldest": f"{since.timestamp():.6f}", "include_all_metadata": True}
        if thread_ts is not None:
            # Without the parent there is no thread to read: a reply to it was un-threaded, so the channel has it.
            with contextlib.suppress(MessageNotFound):
                yield from self._pages("conversations.replies", self._web.conversations_replies, **window, ts=thread_ts)
        yield from self._pages("conversations.history", self._web.conversations_history, **window)

    def _pages(self, method: str, function: Callable[..., SlackResponse], **arguments: Any) -> Iterator[Json]:  # noqa: ANN401
        cursor = None
        for _ in range(PAGES):
            said = self._call(method, function, limit=PAGE, cursor=cursor, **arguments)
            yield from said.get("messages") or ()
            cursor = (said.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    def _put(self, url: str, data: bytes) -> None:
        """The upload itself, the one step that is no API method."""

        def put() -> int:
            # The SDK's own, behind files_upload_v2: proxy and CA are those of every other call.
            web = self._web
            return web._upload_file(  # noqa: SLF001
                url=url,
                data=data,
                logger=self._logger,
                timeout=web.timeout,
                proxy=web.proxy,
                ssl=web.ssl,
            ).status

        if (status := self._tried("upload", put)) != 200:
            raise OutcomeUnknown(f"http_{status}", method="upload")

    def _call(self, method: str, function: Callable[P, SlackResponse], *args: P.args, **kwargs: P.kwargs) -> Json:
        """Slack's answer as a JSON object, or the SlackError that says what happened."""
        return _object(method, self._tried(method, lambda: function(*args, **kwargs)).data)

    def _tried(self, method: str, call: Callable[[], T]) -> T:
        """What `call` returns, or the SlackError that says what happened."""
        try:
            return call()
        except SlackApiError as error:
            raise _refused(method, error) from None
        except urllib.error.HTTPError as error:  # the raw upload step; the SDK handles it for API methods
            raise _http_error(method, error.code, {}) from None
        except (urllib.error.URLError, SlackRequestError) as error:
            # urllib wraps only what fails before the request has left in full (AbstractHTTPHandler.do_open), so
            # Slack cannot have acted on it.
            raise Unreachable("unreachable", method=method, details=(_cause(error),)) from None
        except (OSError, http.client.HTTPException) as error:
            raise OutcomeUnknown("no_answer", method=method, details=(type(error).__name__,)) from None
        except (AttributeError, TypeError, ValueError, LookupError) as error:
            # The SDK trusts the answer: JSON that is no object, or a body in another charset, breaks inside it.
            raise OutcomeUnknown("not_json", method=method, details=(type(error).__name__,)) from None


def _object(method: str, data: object) -> Json:
    if not isinstance(data, dict):
        raise OutcomeUnknown("not_json", method=method)
    return data


def _posted(method: str, said: Mapping[str, Any]) -> Posted:
    ts = said.get("ts")
    if not isinstance(ts, str):
        raise OutcomeUnknown("not_json", method=method, details=("no ts in the answer",))
    return Posted(ts, (said.get("message") or {}).get("thread_ts"))


def _event_payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    payload = (message.get("metadata") or {}).get("event_payload")
    return payload if isinstance(payload, dict) else {}


def _refused(method: str, error: SlackApiError) -> SlackError:
    """The typed error of an answer that is not ok: by HTTP status first, then by Slack's code."""
    response = error.response
    said = response.data if isinstance(response.data, dict) else {}
    code = said.get("error")
    if response.status_code != 200:
        return _http_error(method, response.status_code, response.headers, code)
    if not isinstance(code, str) or not code.replace("_", "").isalnum():
        # The SDK puts the text of an answer that is no JSON where the code would be.
        return OutcomeUnknown("not_json", method=method)
    return SlackError.of(code, method=method, details=_details(said))


def _http_error(method: str, status: int, headers: Mapping[str, Any], code: object = None) -> SlackError:
    if status == 429:
        known = code if code in {"ratelimited", "rate_limited"} else "ratelimited"
        return RateLimited(str(known), method=method, retry_after_s=_retry_after_s(headers))
    if status >= 500:
        return OutcomeUnknown(f"http_{status}", method=method)
    # Slack answers 200 or 429; anything else below 500 is a proxy or a portal on the way.
    return Unreachable(f"http_{status}", method=method, details=("answered by something between here and Slack",))


def _retry_after_s(headers: Mapping[str, Any]) -> float:
    """Retry-After in seconds; a minute when it is missing or unreadable (the window Slack's limits count in)."""
    given = _header(headers, "retry-after")
    try:
        seconds = float(str(given))
    except ValueError:
        return 60.0
    return min(max(seconds, 0.0), 3600.0) if math.isfinite(seconds) else 60.0


def _header(headers: Mapping[str, Any], name: str) -> object:
    """A header, however it is spelled; None where there is none."""
    return next((value for given, value in headers.items() if given.lower() == name), None)


def _details(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Slack's remarks on the shape of a request: json-pointers of bad blocks, the scope that is missing."""
    remarks = [str(remark)[:200] for remark in said.get("errors") or () if isinstance(remark, str)]
    if needed := said.get("needed"):
        remarks.append(f"needs scope {str(needed)[:100]}")
    return tuple(remarks[:5])


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    if isinstance(reason, OSError):
        return f"{type(reason).__name__}: {reason.strerror or reason}"[:200]
    return type(error).__name__


def _silent() -> logging.Logger:
    # Of its own and not by name: whoever turns DEBUG on for every known logger must not turn this one on.
    logger = logging.Logger("slack_sdk", level=logging.CRITICAL + 1)  # noqa: LOG001
    logger.addHandler(logging.NullHandler())
    return logger
