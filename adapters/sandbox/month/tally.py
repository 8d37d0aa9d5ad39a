"""What has been shown so far: each behaviour, counted once for each thing that showed it."""

from adapters.sandbox.behaviour import AT_LEAST, NEEDS_SERVICE, Behaviour


class Tally:
    """Counts behaviours. The same behaviour of the same thing (`what`) counts once."""

    def __init__(self) -> None:
        self._seen: dict[Behaviour, set[str]] = {each: set() for each in Behaviour}

    def count(self, behaviour: Behaviour, what: str) -> None:
        """Notes that `what` has shown `behaviour`."""
        self._seen[behaviour].add(what)

    def shown(self) -> dict[str, int]:
        """The count of every behaviour, in the order of docs/rules.md section 7."""
        return {behaviour.value: len(what) for behaviour, what in self._seen.items()}

    def missing(self) -> dict[str, int]:
        """Behaviours that showed less often than they must, with what is still missing; the service's own left out."""
        return {
            each.value: AT_LEAST[each] - len(what)
            for each, what in self._seen.items()
            if each not in NEEDS_SERVICE and len(what) < AT_LEAST[each]
        }
