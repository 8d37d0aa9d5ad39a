"""From environment variables to settings: `DUECOURSE_A__B`, or `DUECOURSE_A__B_FILE` naming a file that holds it.

A variable that nobody knows is an error and not ignored: a mistyped limit that silently keeps its default is how
wrong mails are sent.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

PREFIX = "DUECOURSE_"
_FILE = "_FILE"
_LONGEST_FILE = 65_536
S = TypeVar("S", bound=BaseSettings)


class SettingsError(Exception):
    """One line per problem; each names its variable and never tells a value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDoc:
    """One setting as the documentation shows it."""

    name: str
    default: str
    meaning: str


class Environment(PydanticBaseSettingsSource):
    """Reads the settings of `settings_cls` from `environ`."""

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._paths = {name: path for name, path, _ in _leaves(settings_cls)}
        self._environ = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
        self.problems: list[str] = []

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the base's signature
        """What the environment says of one top-level field."""
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """What is set, nested as the settings are; `problems` then holds what is wrong with it."""
        self.problems = [self._unknown(name) for name in sorted(self._environ) if self._known(name) is None]
        values: dict[str, Any] = {}
        for name, path in self._paths.items():
            value = self._value(name)
            if value is not None and value != "":
                inner = values
                for group in path[:-1]:
                    inner = inner.setdefault(group, {})
                inner[path[-1]] = value
        return values

    def validated(self, kind: type[S]) -> S:
        """The settings. Raises SettingsError with every problem of the environment."""
        values = self()
        try:
            settings = kind(**values)
        except ValidationError as error:
            raise SettingsError(self.problems + [_sentence(problem) for problem in error.errors()]) from None
        if self.problems:
            raise SettingsError(self.problems)
        return settings

    def _value(self, name: str) -> str | None:
        plain, file = self._environ.get(name), self._environ.get(name + _FILE)
        if plain is not None and file is not None:
            self.problems.append(f"{name} and {name}{_FILE} are both set: keep one of them.")
        return self._read(name + _FILE, Path(file)) if plain is None and file is not None else plain

    def _read(self, name: str, path: Path) -> str | None:
        try:
            with path.open("rb") as file:
                content = file.read(_LONGEST_FILE + 1)
            text = content.decode() if len(content) <= _LONGEST_FILE else None
        except OSError as error:
            self.problems.append(f"{name}: {path} cannot be read ({error.strerror}).")
            return None
        except UnicodeDecodeError:
            text = None
        if text is None:
            self.problems.append(f"{name}: {path} is no text of at most {_LONGEST_FILE} bytes.")
            return None
        return text.rstrip("\r\n")

    def _known(self, name: str) -> str | None:
        return next((known for known in (name, name.removesuffix(_FILE)) if known in self._paths), None)

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(
            name, [*self._paths, *(known + _FILE for known in self._paths)], n=1, cutoff=0.0
        )
        return f"{name} is no setting; the nearest is {near[0]}."


def settings_table(kind: type[BaseModel]) -> list[SettingDoc]:
    """Every setting with its default and its meaning, in the order of the class."""
    return [
        SettingDoc(name=name, default=_shown(field), meaning=field.description or "")
        for name, _, field in _leaves(kind)
    ]


def render_settings_page(kind: type[BaseModel]) -> str:
    """docs/settings.md, from the class."""
    rows = "".join(f"| `{doc.name}` | {doc.default} | {doc.meaning} |\n" for doc in settings_table(kind))
    return (
        "# Settings\n\n"
        "Made from `connector/settings.py`; change it there, then run\n"
        "`python -m connector.settings_sources > docs/settings.md`.\n\n"
        "Every setting is an environment variable. Each can also be given as `…_FILE`, naming a file that holds\n"
        "the value (for secrets); setting both is an error, and so is a `DUECOURSE_*` variable that is not listed.\n\n"
        "| Setting | Default | Meaning |\n|---|---|---|\n" + rows
    )


def _leaves(kind: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...], FieldInfo]]:
    for name, field in kind.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            yield from _leaves(group, (*path, name))
        else:
            yield PREFIX + "__".join((*path, name)).upper(), (*path, name), field


def _shown(field: FieldInfo) -> str:
    default = field.default
    if default is None or default in ("", {}):
        return "–"
    if isinstance(default, tuple):
        return f"`{', '.join(default)}`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`"


def _sentence(problem: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    name = PREFIX + "__".join(str(part) for part in problem["loc"]).upper()
    said = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if not problem["loc"]:  # about several settings: the sentence names them
        return f"{said}."
    return f"{name} {said}." if said.startswith(("must", "should")) else f"{name}: {said}."


if __name__ == "__main__":
    import sys

    from connector.settings import Settings

    sys.stdout.write(render_settings_page(Settings))
