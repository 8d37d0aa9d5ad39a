"""The words of a language: short Jinja texts in `templates/<language>.toml`, filled with plain facts.

A phrase sees nothing but the strings and numbers that it is given, and what it yields is text: the HTML layout
escapes it like any other. A missing fact or phrase is an error, never an empty place.
"""

import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from jinja2 import Environment, Template

PlainFact: TypeAlias = str | int

_TEMPLATES = files("reminders") / "templates"
_Tree: TypeAlias = dict[str, "Template | _Tree | int"]


class Phrases:
    """The phrases of one language; `say("days.past", days=12)` gives one of them."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._words: dict[str, Template] = {}
        self._said = lru_cache(maxsize=8192)(self._render)  # most phrases recur, from line to line and mail to mail
        self._numbers: dict[str, int] = {}
        tree = tomllib.loads((_TEMPLATES / f"{language}.toml").read_text(encoding="utf-8"))
        self._learn("", tree, environment())

    def _learn(self, path: str, tree: dict[str, Any], env: "Environment") -> None:
        for name, value in tree.items():
            if isinstance(value, dict):
                self._learn(f"{path}{name}.", value, env)
            elif isinstance(value, int):
                self._numbers[path + name] = value
            else:
                self._words[path + name] = env.from_string(value)

    def say(self, key: str, /, **facts: PlainFact) -> str:
        """The phrase `key` with its facts. Raises `KeyError` for an unknown phrase, Jinja's for a missing fact."""
        return self._said(key, tuple(facts.items()))

    def _render(self, key: str, facts: tuple[tuple[str, PlainFact], ...]) -> str:
        return self._words[key].render(dict(facts))

    def number(self, key: str) -> int:
        """A habit of the language that is a number."""
        return self._numbers[key]

    @property
    def keys(self) -> frozenset[str]:
        """Every phrase there is, for comparing languages."""
        return frozenset(self._words) | frozenset(self._numbers)


@cache
def phrases(language: str) -> Phrases:
    """The phrases of a plain language code (`de`)."""
    return Phrases(language)


@cache
def environment() -> "Environment":
    """Jinja for our own templates: HTML layouts escape everything, a missing name is an error, no helper in scope.

    It is loaded here, when there is something to say: most runs say nothing.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

    env = Environment(
        loader=FunctionLoader(lambda name: (_TEMPLATES / name).read_text(encoding="utf-8")),
        autoescape=select_autoescape(["html"], default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.globals.clear()
    return env
