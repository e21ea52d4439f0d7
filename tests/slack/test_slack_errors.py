"""Slack's codes, and what FANNEL does about each."""

import pytest

from fannel.slack import errors


@pytest.mark.parametrize(
    ("code", "cls"),
    [
        ("ratelimited", errors.RateLimited),
        ("rate_limited", errors.RateLimited),
        ("fatal_error", errors.OutcomeUnknown),
        ("internal_error", errors.OutcomeUnknown),
        ("invalid_auth", errors.FatalAuth),
        ("token_revoked", errors.TokenGone),
        ("missing_scope", errors.MissingScope),
        ("channel_not_found", errors.ChannelNotFound),
        ("not_in_channel", errors.NotInChannel),
        ("is_archived", errors.ChannelArchived),
        ("restricted_action_read_only_channel", errors.PostingRestricted),
        ("invalid_blocks", errors.BadMessage),
        ("msg_too_long", errors.MessageTooLong),
        ("message_not_found", errors.MessageNotFound),
        ("edit_window_closed", errors.CannotUpdate),
        ("already_reacted", errors.AsWanted),
        ("no_reaction", errors.AsWanted),
        ("too_many_emoji", errors.NoEmoji),
        ("duplicate_message_not_found", errors.DuplicateUnclear),
        ("a_code_of_next_year", errors.SlackError),
    ],
)
def test_a_code_finds_its_class(code, cls):
    assert type(errors.SlackError.of(code)) is cls


@pytest.mark.parametrize(
    ("family", "member"),
    [
        (errors.FatalAuth, errors.TokenGone),
        (errors.ChannelProblem, errors.NotInChannel),
        (errors.BadMessage, errors.MessageTooLong),
    ],
)
def test_a_family_catches_its_members(family, member):
    assert issubclass(member, family)


def test_the_text_names_method_code_remedy_and_wait():
    error = errors.SlackError.of("ratelimited", method="chat.postMessage", retry_after_s=2.0)
    assert str(error) == "Slack chat.postMessage: ratelimited. FANNEL waits and tries again. Wait 2 s."


def test_slacks_pointers_are_told():
    error = errors.SlackError.of("invalid_blocks", details=("too long [json-pointer:/blocks/0]",))
    assert "json-pointer:/blocks/0" in str(error)


def test_only_doubtful_errors_leave_the_outcome_open():
    doubtful = {
        code for code in ("fatal_error", "duplicate_message_not_found") if errors.SlackError.of(code).processed is None
    }
    certain = {
        code for code in ("ratelimited", "invalid_auth", "no_text") if errors.SlackError.of(code).processed is False
    }
    assert len(doubtful) == 2
    assert len(certain) == 3


def test_when_two_classes_claim_a_code_it_should_refuse_to_load():
    with pytest.raises(TypeError, match="ratelimited is claimed by RateLimited and Second"):
        type("Second", (errors.SlackError,), {}, codes=("ratelimited",))
