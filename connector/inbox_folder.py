"""The inbox folder: mails left there as files are taken in, each for the company that it is for.

A file that is still being written is left for the next time: whoever delivers renames it into place. What was taken in
is kept in `done/`; what could not be (it cannot be read, or a defect of ours) in `failed/`, and a task asks a person to
read it; neither stops the others.
"""

from pathlib import Path

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from connector.inbox import MAX_BYTES, take_in
from connector.office import CannotWork, Office
from connector.store import tasks
from connector.store.tables import company, dispatch, reminder
from reminders.incoming import IncomingMail, UnreadableMail, read_mail

log = structlog.get_logger()


def take_in_folder(office: Office, folder: Path) -> int:
    """Takes in every .eml file that is for this company. Returns how many were new. Raises `CannotWork`."""
    if not folder.is_dir():
        raise CannotWork(f"The inbox folder {folder} is not there: answers that come in are not read.")
    new, stuck = 0, ""
    for path in sorted(folder.glob("*.eml")):
        if path.is_symlink() or not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if not _is_ours(office, data):
                continue
            new += take_in(office, data).is_new
        except FileNotFoundError:
            continue  # another process took it
        except OperationalError:
            raise  # the database is away: the mail stays for the next time
        except Exception:
            log.exception("a mail could not be taken in", file=path.name, company=office.company)
            _ask_a_person(office, path)
            stuck = _put_away(path, folder / "failed") or stuck
        else:
            stuck = _put_away(path, folder / "done") or stuck
    if stuck:
        raise CannotWork(f"Mails that were taken in cannot be put aside: {stuck}")
    return new


def _ask_a_person(office: Office, path: Path) -> None:
    """What a customer said is in a file that we could not take in: a person reads it."""
    with office.database.write("ask about a mail") as connection:
        tasks.open_task(
            connection,
            office.company,
            key=f"mail_file:{path.name}:{office.now():%Y%m%d%H%M%S}",
            kind="unreadable",
            text=f"The file {path.name} of the inbox folder could not be taken in: read it there, under failed.",
            now=office.now(),
            today=office.today(),
        )


def _put_away(path: Path, folder: Path) -> str:
    """Into `folder`, under a name that nothing there has. What hinders it, else nothing."""
    try:
        _move(path, folder)
    except FileNotFoundError:
        return ""  # another process took it
    except OSError as error:
        return f"{error.filename or folder}: {error.strerror}."
    return ""


def _move(path: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    path.replace(target)


def _is_ours(office: Office, data: bytes) -> bool:
    """Whether a mail is for this company. What is for none of them is the first company's."""
    with office.database.read() as connection:
        every = list(connection.scalars(select(company.c.id).order_by(company.c.id)))
        if len(every) < 2:
            return True
        try:
            mail = read_mail(data, max_bytes=MAX_BYTES)
        except UnreadableMail:
            return bool(every[0] == office.company)
        return bool((_company_of(connection, mail) or every[0]) == office.company)


def _company_of(connection: Connection, mail: IncomingMail) -> str | None:
    """Whose reminder it answers; else who wrote last to its sender."""
    ids = [*mail.reminder_ids, *(mail.report.reminder_ids if mail.report else ()), mail.plus_tag][:50]
    answered = connection.scalar(
        select(reminder.c.company).where(reminder.c.id.in_([each for each in ids if each and each.isprintable()]))
    )
    if answered is not None:
        return str(answered)
    return connection.scalar(
        select(dispatch.c.company)
        .where(func.lower(dispatch.c.address) == mail.from_address.lower())
        .order_by(dispatch.c.updated_at.desc())
        .limit(1),
    )
