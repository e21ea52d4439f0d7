"""What every section of the settings is made of: its rules, its kinds of values, and secrets that come from files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from pathlib import Path


class Section(BaseModel):
    """What the sections share: no unknown keys, no changes, no values in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


Secret = Annotated[SecretStr, Field(min_length=1)]

# A mistake found in a section as a whole, that is one key's all the same: the type of its error says which.
ABOUT = "about "


def about(key: str, reason: str) -> PydanticCustomError:
    """A mistake in `key`, found by a validator of the whole section."""
    return PydanticCustomError(f"{ABOUT}{key}", "{reason}", {"reason": reason})


def secret_from_file(section: Section, name: str) -> None:
    """Fill the secret `name` from `<name>_file`; both at once is a mistake someone should know of."""
    path: Path | None = getattr(section, f"{name}_file")
    if path is None:
        return
    if getattr(section, name) is not None:
        raise about(f"{name}_file", f"{name} is set, too: keep one of the two")
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise about(f"{name}_file", f"cannot read {path}: {reason}") from None
    if not text:
        raise about(f"{name}_file", f"{path} is empty")
    object.__setattr__(section, name, SecretStr(text))
