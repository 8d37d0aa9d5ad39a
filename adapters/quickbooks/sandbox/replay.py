"""requestid: the same id again gets the first answer, and nothing is done twice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from adapters.quickbooks.sandbox.settings import SandboxSettings
from adapters.quickbooks.sandbox.wire import Refused


@dataclass(frozen=True, slots=True)
class _Answered:
    at: datetime
    body: bytes
    answer: bytes


class Replay:
    """The answers given for request ids, as long as they are kept. Only successes are remembered."""

    def __init__(self, settings: SandboxSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._answers: dict[str, _Answered] = {}

    def known(self, request_id: str, body: bytes) -> bytes | None:
        """The first answer for this id, None where it is new. Raises `Refused` (600, 2050) as the settings say."""
        if len(request_id) > 50:
            raise Refused("2050", "requestid is longer than 50 characters", element="requestid")
        found = self._answers.get(request_id)
        if found is None:
            return None
        if self._now() - found.at > self._settings.request_ids_kept:
            del self._answers[request_id]
            return None
        if found.body != sha256(body).digest() and self._settings.same_id_other_body == "code_600":
            raise Refused("600", f"Duplicate Request ID : {request_id} was used for another request")
        return found.answer

    def remember(self, request_id: str, body: bytes, answer: bytes) -> None:
        """Keeps an answer, and lets go of those whose time is over."""
        oldest = next(iter(self._answers.values()), None)
        if oldest is not None and self._now() - oldest.at > self._settings.request_ids_kept:
            del self._answers[next(iter(self._answers))]
        self._answers[request_id] = _Answered(self._now(), sha256(body).digest(), answer)
