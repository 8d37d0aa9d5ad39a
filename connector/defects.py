"""When one account cannot be worked on, the others go on and a person is told."""

from sqlalchemy import Connection

from connector.office import Office
from connector.store import tasks


def tell_person(office: Office, connection: Connection, account: str) -> None:
    """A task for an account that could not be decided or written to today; the log has the details."""
    today = office.today()
    tasks.open_task(
        connection,
        office.company,
        key=f"defect:{account}:{today.isoformat()}",
        kind="defect",
        text=f"Account {account} could not be worked on: a defect of ours. The log has the details.",
        now=office.now(),
        today=today,
        account=account,
    )
