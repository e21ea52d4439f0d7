"""What can go wrong with Slack, one class per thing the caller does next.

Slack answers `ok: false` with a code; `SlackError.of()` finds the class that claims the code. A class states whether
the request may have been carried out (`processed`), and what a person should do (`remedy`). No text ever holds a
token or a message body: only the method, the code and what Slack said about the *shape* of the request.

Codes: https://docs.slack.dev/reference/methods/chat.postMessage and the pages of the other methods.
"""

from __future__ import annotations

# ruff: noqa: N818  (a class is named after what happened, since callers branch on it: `except RateLimited`)
from typing import ClassVar

_BY_CODE: dict[str, type[SlackError]] = {}


class SlackError(Exception):
    """A call that did not succeed. A code no subclass claims stays this class, and may pass by itself.

    `retry_after_s` is set when Slack said how long to wait; `details` are Slack's remarks (json-pointers, scopes).
    """

    # Whether Slack carried the request out: False when it certainly did not, None when nobody can know.
    processed: ClassVar[bool | None] = False
    remedy: ClassVar[str] = "Look the code up on the method's page at docs.slack.dev."

    def __init_subclass__(cls, codes: tuple[str, ...] = ()) -> None:
        super().__init_subclass__()
        for code in codes:
            if code in _BY_CODE:
                msg = f"Slack's code {code} is claimed by {_BY_CODE[code].__name__} and {cls.__name__}"
                raise TypeError(msg)
            _BY_CODE[code] = cls

    def __init__(
        self, code: str, *, method: str = "", retry_after_s: float | None = None, details: tuple[str, ...] = ()
    ) -> None:
        self.code = code
        self.method = method
        self.retry_after_s = retry_after_s
        self.details = details
        super().__init__(code, method)

    def __str__(self) -> str:
        said = f" ({'; '.join(self.details)})" if self.details else ""
        wait = f" Wait {self.retry_after_s:g} s." if self.retry_after_s is not None else ""
        return f"Slack {self.method or 'call'}: {self.code}{said}. {self.remedy}{wait}"

    @staticmethod
    def of(
        code: str, *, method: str = "", retry_after_s: float | None = None, details: tuple[str, ...] = ()
    ) -> SlackError:
        """The error of the class that claims `code`; `SlackError` itself when none does."""
        cls = _BY_CODE.get(code, SlackError)
        return cls(code, method=method, retry_after_s=retry_after_s, details=details)


class RateLimited(SlackError, codes=("ratelimited", "rate_limited", "message_limit_exceeded")):
    """Too many calls. Nothing was done; the same call is welcome after `retry_after_s`."""

    remedy = "FANNEL waits and tries again."


class OutcomeUnknown(
    SlackError,
    codes=("fatal_error", "internal_error", "service_unavailable", "request_timeout", "not_json"),
):
    """The request went out and no usable answer came back: Slack may or may not have carried it out.

    A post must be looked for (`SlackClient.find_by_key`) before it is sent again, or people are called twice.
    """

    processed = None
    remedy = "FANNEL looks whether it was done before it tries again; see status.slack.com if this goes on."


class Unreachable(SlackError):
    """The request never left in full (name, route, refusal, TLS, proxy): trying again later is safe."""

    remedy = "Check DNS, outbound 443 to slack.com and files.slack.com, HTTPS_PROXY/NO_PROXY and the CA bundle."


# --- the token ---------------------------------------------------------------------------------------------------


class FatalAuth(
    SlackError,
    codes=("not_authed", "invalid_auth", "access_denied", "two_factor_setup_required", "org_login_required"),
):
    """Slack does not accept the token. Nothing will work until a person acts; Slack cannot carry this alarm."""

    remedy = "Set SLACK_BOT_TOKEN (or its file) to the Bot User OAuth Token of the installed app (it starts xoxb-)."


# Of the other token there is, which opens connections and nothing else.
APP_REMEDY = "set SLACK_APP_TOKEN (or its file) to an app-level token (xapp-…) with the scope connections:write"


class TokenGone(FatalAuth, codes=("token_revoked", "token_expired", "account_inactive")):
    """The token was good once: it was revoked, ran out, or the app was removed from the workspace."""

    remedy = "Install the app to the workspace again and give FANNEL the new bot token."


class MissingScope(FatalAuth, codes=("missing_scope", "no_permission", "not_allowed_token_type")):
    """The token is genuine but may not do this; `details` name the scope when Slack does."""

    remedy = "Add the scope to the app, install it again, and use the bot token (xoxb-), not the app-level one."


# --- the channel -------------------------------------------------------------------------------------------------


class ChannelProblem(SlackError, codes=("invalid_channel", "channel_type_not_supported")):
    """This channel does not take the post; another one would."""

    remedy = "Set slack.channel to the ID of a channel (C…) the bot may post to."


class ChannelNotFound(ChannelProblem, codes=("channel_not_found",)):
    """No such channel, or a private one the bot was never invited to."""

    remedy = "Set slack.channel to the channel's ID (C…); a private channel needs `/invite @fannel` first."


class NotInChannel(ChannelProblem, codes=("not_in_channel",)):
    """The channel exists and the bot is not a member."""

    remedy = "Say `/invite @fannel` in the channel."


class ChannelArchived(ChannelProblem, codes=("is_archived",)):
    """The channel is archived."""

    remedy = "Unarchive the channel or set slack.channel to a living one."


class PostingRestricted(
    ChannelProblem,
    codes=(
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
    ),
):
    """The workspace's rules keep the bot from posting here."""

    remedy = "Let the app post in this channel (channel settings, posting permissions) or choose another one."


# --- the message -------------------------------------------------------------------------------------------------


class BadMessage(
    SlackError,
    codes=(
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "block_mismatch",
        "no_text",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "invalid_arguments",
        "invalid_json",
        "json_not_object",
        "missing_argument",
    ),
):
    """Slack refuses the payload's shape: the same bytes will never pass. `details` hold Slack's json-pointers."""

    remedy = "This is a defect of FANNEL's layout: please report the incident id and this line."


class MessageTooLong(
    BadMessage,
    codes=(
        "msg_too_long",
        "msg_blocks_too_long",
        "too_many_attachments",
        "attachment_payload_limit_exceeded",
        "metadata_too_large",
        "snippet_too_large",
    ),
):
    """Something in the payload is larger than Slack takes; a shorter one would pass."""


# --- what the message refers to ----------------------------------------------------------------------------------


class MessageNotFound(SlackError, codes=("message_not_found", "thread_not_found", "file_not_found")):
    """The message, thread or file is not there (any more): somebody deleted it, or retention did."""

    remedy = "FANNEL starts a new thread for the incident."


class AsWanted(SlackError, codes=("already_reacted", "no_reaction")):
    """The emoji is on the message already, or not any more: what was wanted."""


class NoEmoji(SlackError, codes=("invalid_name", "too_many_emoji", "too_many_reactions", "no_reactions_allowed")):
    """The message gets no emoji. Nobody waits for one."""

    remedy = "Give the app the scope reactions:write and install it again; the words are in the thread anyway."


class ThreadClosed(
    SlackError,
    codes=("restricted_action_non_threadable_channel", "restricted_action_thread_locked", "cannot_reply_to_message"),
):
    """The channel takes messages and this thread does not."""

    remedy = "FANNEL goes on in the channel; somebody locked the thread, or the channel's settings allow none."


class ShareAwaited(SlackError):
    """Slack was asked to show a file and does not show it yet; its answer may have been lost. Nothing is wrong."""

    processed = None
    remedy = "FANNEL looks again in a moment."


class ShareMissing(SlackError):
    """Slack took a file, said so, and does not show it."""

    remedy = "The whole output is in the event log: `fannel incidents show` with the incident's id."


class CannotUpdate(SlackError, codes=("cant_update_message", "edit_window_closed", "is_inactive")):
    """The message exists and may not be edited."""

    remedy = "FANNEL replies instead; check the workspace's message editing settings."


class DuplicateUnclear(SlackError, codes=("duplicate_message_not_found", "duplicate_channel_not_found")):
    """Slack knows the client_msg_id from an earlier try, yet cannot show the message it belongs to."""

    processed = None
    remedy = "FANNEL looks for the message by its key before it posts again."
