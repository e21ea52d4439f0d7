"""Records to Slack messages: what an engineer reads at three in the morning on a telephone.

Pure. The parent of a thread carries the state and is edited in place; each reply carries one push. The parent is made
of section blocks only, because Slack refuses to edit a rich_text message into another kind (`block_mismatch`).
Facts stand in blocks; only the meta line is in the coloured attachment, which phones may fold. The words are those of
`slack/words`.
"""

from fannel.slack.layout.message import Message
from fannel.slack.layout.note import Often, note
from fannel.slack.layout.parent import parent
from fannel.slack.layout.replies import calm, collected, file_missing, recovered, still_down

__all__ = ["Message", "Often", "calm", "collected", "file_missing", "note", "parent", "recovered", "still_down"]
