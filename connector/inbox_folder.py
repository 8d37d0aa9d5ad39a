"""The inbox folder: mails left there as files are taken in, each for the company that it is for.

A file that is still being written is left for the next time: whoever delivers renames it into place. What was taken in
is kept in `done/`; what could not be, for a defect of ours, in `failed/`; neither stops the others.
"""

from pathlib import Path

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from connector.inbox import MAX_BYTES, take_in
from connector.office import Office
from connector.store.tables import company, dispatch, reminder
from reminders.incoming import IncomingMail, UnreadableMail, read_mail

log = structlog.get_logger()


def take_in_folder(office: Office, folder: Path) -> int:
    """Takes in every .eml file that is for this company. Returns how many were new."""
    new = 0
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
            _put_away(path, folder / "failed")
        else:
            _put_away(path, folder / "done")
    return new


def _put_away(path: Path, folder: Path) -> None:
    """Into `folder`, under a name that nothing there has."""
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    try:
        path.replace(target)
    except FileNotFoundError:
        return


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
