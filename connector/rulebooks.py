"""The owner's own rules: a folder of cadences, and a file that says which customer gets which.

All that is wrong in all of them is told at once, as `SettingsError`: what cannot be read is never passed over, since
customers would then be reminded by rules that nobody chose.
"""

from collections.abc import Mapping
from pathlib import Path

from connector.settings_sources import SettingsError
from reminders.assignment import Assignment
from reminders.assignment_file import AssignmentProblems, parse_assignment
from reminders.cadence_file import BUILTIN, Cadence, CadenceProblems, load_builtin, parse_cadence


def load_cadences(folder: Path | None) -> dict[str, Cadence]:
    """The cadences that come with us, and the owner's own, which may replace them. Raises `SettingsError`."""
    cadences = {name: load_builtin(name) for name in BUILTIN}
    if folder is not None and not folder.is_dir():
        raise SettingsError([f"DUECOURSE_CADENCE_FOLDER: {folder} is no folder: make it, or leave the setting out."])
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")) if folder else []:
        try:
            cadence = parse_cadence(_text(path), source=str(path))
        except (CadenceProblems, SettingsError) as error:
            problems += str(error).splitlines()
        else:
            cadences[cadence.name] = cadence
    if problems:
        raise SettingsError(problems)
    return cadences


def load_assignment(path: Path, cadences: Mapping[str, Cadence]) -> Assignment:
    """The rules of the assignment file. Raises `SettingsError`."""
    try:
        return parse_assignment(_text(path), source=str(path), cadences=cadences)
    except AssignmentProblems as error:
        raise SettingsError(str(error).splitlines()) from error


def check_default(name: str, cadences: Mapping[str, Cadence]) -> None:
    """Raises `SettingsError` where the cadence of customers whom no rule names is not there."""
    if name not in cadences:
        known = ", ".join(sorted(cadences))
        raise SettingsError([f"DUECOURSE_DEFAULT_CADENCE: there is no cadence “{name}”: there are {known}."])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError([f"{path} cannot be read ({error.strerror})."]) from error
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path} is no text in UTF-8."]) from error
