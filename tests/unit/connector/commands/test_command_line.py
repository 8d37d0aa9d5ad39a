"""What every command has in common: help, `--json`, exit codes, one sentence for an error."""

import inspect
import io
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from connector import cli
from connector.commands import words
from connector.commands.desk import Desk, group
from connector.commands.output import Output
from connector.settings import load_settings
from tests.unit.connector.commands.shop import Shop


def _commands(command: object, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, TyperGroup):
        return [before]
    names = command.list_commands(typer.Context(command))
    return [path for name in names for path in _commands(command.commands[name], (*before, name))]


COMMANDS = _commands(cli.command_line())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_offers_json(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli._run([*path, "--help"], _closed_desk())
    shown = capsys.readouterr().out
    assert code == 0
    assert "--json" in shown
    assert len(shown.splitlines()) > 3


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_is_documented(path: tuple[str, ...]) -> None:
    page = Path(__file__).parents[4] / "docs" / "cli.md"
    assert f"`duecourse {' '.join(path)}" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("room", cli.ROOMS)
def test_what_a_module_adds_is_known_before_it_is_loaded(room: str) -> None:
    part = group("")
    import_module(f"connector.commands.{room}").add_to(part)
    assert set(typer.main.get_group(part).commands) == set(cli.ROOMS[room])


def test_every_module_of_commands_is_on_the_command_line() -> None:
    modules = {path.stem for path in Path(inspect.getfile(Desk)).parent.glob("*.py")}
    assert modules == {*cli.ROOMS, "__init__", "connect_sap", "desk", "find", "output", "terminal", "words"}


def _closed_desk() -> Desk:
    """A desk at which no service can be opened: help needs none."""

    def refuse(_: object) -> object:
        raise AssertionError("Help needs no service.")

    return Desk(out=Output(io.StringIO(), io.StringIO()), settings=load_settings, open_service=refuse)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "words",
    [("status",), ("plan",), ("aging",), ("approve",), ("task", "list"), ("promise", "list"), ("audit", "verify")],
    ids=" ".join,
)
def test_json_is_one_document_on_stdout_and_nothing_on_stderr(shop: Shop, words: tuple[str, ...]) -> None:
    said = shop.run(*words, "--json")
    assert said.data is not None
    assert said.err == ""
    assert shop.run("--json", *words).out == said.out


def test_a_command_nobody_knows_is_a_usage_error(shop: Shop) -> None:
    said = shop.run("remind-everybody")
    assert said.code == 2
    assert "--help" in said.err


def test_a_command_mistyped_is_told_the_nearest_although_nothing_of_it_was_loaded(tmp_path: Path) -> None:
    ran = _program("recncile", environ={}, folder=tmp_path)
    assert ran.returncode == 2
    assert "Did you mean 'reconcile'?" in ran.stderr


def test_a_defect_of_ours_is_told_without_a_traceback(shop: Shop) -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            raise ZeroDivisionError(name)

    err = io.StringIO()
    assert cli.invoke(["aging"], shop.service, office=Broken(), stderr=err) == 70  # type: ignore[arg-type]  # broken on purpose
    assert "defect" in err.getvalue()
    assert "Traceback" not in err.getvalue()


def test_words_are_discarded_where_nobody_listens(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["aging"], shop.service) == 0
    assert capsys.readouterr() == ("", "")


def test_a_furnished_office_stands_for_its_company(shop: Shop) -> None:
    office = shop.office
    shop.connect("qbo-1002", "1002")
    out = io.StringIO()
    assert cli.invoke(["aging"], shop.service, office=office, stdout=out) == 0
    assert "Anna Boats" in out.getvalue()


@pytest.mark.parametrize("text", ["2026-1-1", "1.11.2026", "tomorrow", ""])
def test_a_day_is_read_in_one_way_only(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        words.parse_day(text)


def _program(*args: str, environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DUECOURSE_")}
    here = str(Path(inspect.getfile(cli)).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "connector", *args],
        env=clean | {"DUECOURSE_DATA_DIR": str(folder), "PYTHONPATH": here} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_program_itself_ends_with_the_exit_code_and_one_sentence(tmp_path: Path) -> None:
    ran = _program("plan", environ={}, folder=tmp_path)
    assert ran.returncode == 3
    assert ran.stderr == "No company is connected. Connect one first: duecourse connect quickbooks.\n"


def test_a_mistyped_setting_stops_the_program_and_names_the_nearest(tmp_path: Path) -> None:
    ran = _program("status", environ={"DUECOURSE_SYNC_MINUTE": "5"}, folder=tmp_path)
    assert ran.returncode == 3
    assert "DUECOURSE_SYNC_MINUTES" in ran.stderr
    assert ran.stdout == ""
