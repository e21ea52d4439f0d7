"""Who asks the stand-in: tokens, and what an account may not read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fannel.lab.pagoda.records import Item, Model

FULL, NOTHING = 8, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Reads everything but what is named here: models and items by name, attributes as (model, attribute)."""

    expired: bool = False
    read_only: bool = False
    hidden_models: frozenset[str] = frozenset()
    hidden_items: frozenset[str] = frozenset()
    hidden_attributes: frozenset[tuple[str, str]] = frozenset()

    def reads_model(self, model: Model) -> bool:
        """Whether the model is readable."""
        return model.name not in self.hidden_models

    def reads_item(self, item: Item) -> bool:
        """Whether the item (and its model) is readable."""
        return self.reads_model(item.model) and item.name not in self.hidden_items

    def reads_attribute(self, model: Model, attribute: str) -> bool:
        """Whether the attribute of the model is readable."""
        return (model.name, attribute) not in self.hidden_attributes
