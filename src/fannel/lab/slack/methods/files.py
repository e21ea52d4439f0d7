"""files.*: the upload in three steps (ask for a URL, send the bytes, share)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.lab.slack.methods.registry import Json, method
from fannel.lab.slack.refusal import Refusal
from fannel.lab.slack.workspace import File

if TYPE_CHECKING:
    from fannel.lab.slack.workspace import Workspace

SNIPPET_BYTES = 1024 * 1024


@method("files.getUploadURLExternal")
def get_upload_url(workspace: Workspace, arguments: Json) -> Json:
    """Step 1. An empty file is a missing argument, as Slack puts it."""
    try:
        length = int(arguments.get("length") or 0)
    except ValueError:
        raise Refusal("invalid_arguments") from None
    if length <= 0 or not arguments.get("filename"):
        raise Refusal("missing_argument")
    snippet = bool(arguments.get("snippet_type"))
    if snippet and length > SNIPPET_BYTES:
        raise Refusal("snippet_too_large")
    file = File(workspace.next_id("F"), name=str(arguments["filename"]), title="", snippet=snippet)
    workspace.files[file.id] = file
    return {"upload_url": f"{workspace.base_url}/upload/v1/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal")
def complete_upload(workspace: Workspace, arguments: Json) -> Json:
    """Step 3. Shares the files where asked; the share itself comes later."""
    wanted = arguments.get("files")
    if not isinstance(wanted, list) or not wanted:
        raise Refusal("invalid_arguments")
    files = []
    for one in wanted:
        file = workspace.files.get(str(one.get("id"))) if isinstance(one, dict) else None
        if file is None or file.content is None:
            raise Refusal("file_not_found")
        file.title = str(one.get("title") or file.name)
        files.append(file)
    references = [arguments["channel_id"]] if arguments.get("channel_id") else []
    references += [each for each in str(arguments.get("channels") or "").split(",") if each]
    channels = [workspace.channel(reference) for reference in references]
    for channel in channels:
        workspace.share(channel, files, str(arguments.get("initial_comment") or ""), arguments.get("thread_ts"))
    return {"files": [{"id": file.id, "title": file.title} for file in files]}


@method("files.info")
def info(workspace: Workspace, arguments: Json) -> Json:
    """One file and where it is shared by now."""
    file = workspace.files.get(str(arguments.get("file")))
    if file is None or file.content is None:
        raise Refusal("file_not_found")
    return {"file": file.to_json()}
