"""What a ledger calls the books' documents, where it has names of its own: a journal entry's line is an invoice."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_REF = re.compile(r"\b(?:invoice|payment|credit_memo|journal):[\w./]+")


@dataclass(frozen=True, slots=True)
class Names:
    """The books' own refs by those of the ledger; a ref that is not among them stays as it is."""

    told: Mapping[str, str] = field(default_factory=dict)

    def read(self, line: str) -> Any:  # noqa: ANN401 - JSON
        """A line of JSON in the books' own words."""
        return json.loads(self._own(line) if self.told else line)

    def row(self, raw: dict[str, Any]) -> dict[str, Any]:
        """The same of what was read already."""
        own: dict[str, Any] = json.loads(self._own(json.dumps(raw, ensure_ascii=False))) if self.told else raw
        return own

    def _own(self, text: str) -> str:
        return _REF.sub(lambda found: self.told.get(found[0], found[0]), text)
