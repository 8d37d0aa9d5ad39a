r"""What happened: append-only, one hash chain per company.

Each row's digest covers the digest before it, its place, instant, actor, kind, account, subject and data, and the
digest of the salted personal part. Bodies, addresses and reply text are that personal part: they lie beside the
chain and can be erased without breaking it. The database refuses to change or remove a row (tables/append_only.py);
who removes the triggers first is found by `verify`, and a cut-off tail by a head that was noted elsewhere.

Recipe, for whoever checks from outside (`duecourse audit export`):
    digest = sha256(previous + "\n" + canonical({seq, at, actor, kind, account, subject, data, personal_digest}))
    personal_digest = sha256(salt + canonical(personal)), or "" where there is none
    canonical = JSON with sorted keys, separators "," and ":", characters as they are, in UTF-8
    the first row's previous = 64 zeros
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from connector.store.bulk import execute_many
from connector.store.json_text import decode, encode_sorted
from connector.store.tables import history, history_head, history_personal
from connector.store.upsert import insert_new

GENESIS = "0" * 64
"""What the first row of a chain names as the digest before it."""

_PAGE = 1000
_EMPTY: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. `data` holds ids, codes, instants and amounts; whatever names a person, or was said
    by or to one, goes into `personal`. Values are what JSON knows, and dates, aware instants and Decimals; no floats.
    """

    at: datetime
    actor: str  # remind, deliver, person:anna
    kind: str
    subject: str  # the id of what this is about
    account: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    personal: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last link of a company's chain; `seq` 0 before the first."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """What a check of the whole chain found: its length, its last link, and each fault as one sentence."""

    rows: int
    head: Head
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was changed, dropped, inserted, swapped or cut off."""
        return not self.faults


def record(
    connection: Connection,
    company: str,
    *,
    at: datetime,
    actor: str,
    kind: str,
    subject: str,
    account: str | None = None,
    data: Mapping[str, object] = _EMPTY,
    personal: Mapping[str, object] | None = None,
) -> int:
    """Appends one event and tells its place. Call it late: it locks the company's chain until the commit."""
    event = Event(at=at, actor=actor, kind=kind, subject=subject, account=account, data=data, personal=personal)
    return record_many(connection, company, (event,))


def record_many(connection: Connection, company: str, events: Sequence[Event]) -> int:
    """Appends events in their order and tells the place of the last; 0 where there were none."""
    if not events:
        return 0
    head = _lock_head(connection, company)
    rows: list[dict[str, Any]] = []
    personal: list[dict[str, Any]] = []
    seq, digest = head.seq, head.digest
    for event in events:
        seq += 1
        row = _link(company, seq, digest, event, personal)
        digest = row["digest"]
        rows.append(row)
    execute_many(connection, _APPEND, rows)
    execute_many(connection, _APPEND_PERSONAL, personal)
    connection.execute(_MOVE_HEAD, {"of": company, "to_seq": seq, "to_digest": digest})
    return seq


def head(connection: Connection, company: str) -> Head:
    """The last link, to be noted elsewhere (mailed to the owner, written into the ledger)."""
    row = connection.execute(_HEAD, {"of": company}).one_or_none()
    return Head(seq=row.seq, digest=row.digest) if row else Head(seq=0, digest=GENESIS)


def export(connection: Connection, company: str) -> Iterator[dict[str, Any]]:
    """The chain from its first row, without the personal parts: what `duecourse audit export` writes."""
    for row in _rows(connection, company):
        yield {
            "seq": row.seq,
            "at": instant_text(row.at),
            "actor": row.actor,
            "kind": row.kind,
            "account": row.account,
            "subject": row.subject,
            "data": decode(row.data),
            "personal_digest": row.personal_digest,
            "previous": row.previous,
            "digest": row.digest,
        }


def personal_part(connection: Connection, company: str, seq: int) -> dict[str, Any] | None:
    """The personal part of one event; None where it had none, or it was erased."""
    where = (history_personal.c.company == company) & (history_personal.c.seq == seq)
    body = connection.execute(select(history_personal.c.body).where(where)).scalar()
    return None if body is None else decode(body)


def verify(connection: Connection, company: str, *, anchor: Head | None = None) -> VerifyResult:
    """Checks every link, and that the chain still contains `anchor`, a head noted elsewhere at some time."""
    faults: list[str] = []
    last, rows = Head(seq=0, digest=GENESIS), 0
    anchored = anchor is None or anchor.seq == 0
    for row in _rows(connection, company):
        rows += 1
        faults += _faults(row, last)
        last = Head(seq=row.seq, digest=row.digest)
        anchored = anchored or last == anchor
    if last != head(connection, company):
        faults.append(
            f"The chain ends at {last.seq}, its head says {head(connection, company).seq}: its end was changed."
        )
    if anchor is not None and not anchored:
        faults.append(f"The noted head {anchor.seq} is not in the chain: rows were cut off or rewritten.")
    return VerifyResult(rows=rows, head=last, faults=tuple(faults))


def erase_personal(
    connection: Connection,
    company: str,
    *,
    at: datetime,
    actor: str,
    account: str | None = None,
    before: datetime | None = None,
) -> int:
    """Erases the personal parts of an account, or of what happened before an instant, or both; records that it did,
    and tells how many. The chain stays whole. Raises ValueError where neither is given.
    """
    if account is None and before is None:
        raise ValueError("Say whose words to erase, or from before when.")
    chosen = select(history.c.seq).where(history.c.company == company)
    if account is not None:
        chosen = chosen.where(history.c.account == account)
    if before is not None:
        chosen = chosen.where(history.c.at < before)
    gone = connection.execute(
        delete(history_personal).where(history_personal.c.company == company, history_personal.c.seq.in_(chosen))
    ).rowcount
    data = {"erased": gone, "before": before}
    record(
        connection, company, at=at, actor=actor, kind="personal_erased", account=account, subject="history", data=data
    )
    return gone


def canonical(value: Mapping[str, object]) -> str:
    """The one spelling of these facts: sorted keys, no spaces, characters as they are. Raises TypeError for a float
    or for a key that is no text, which have several spellings.
    """
    text = encode_sorted(_plain(value))
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON is anything
    """These facts as JSON knows them: days, instants and Decimals as text. Raises TypeError as `canonical` does."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Mapping):
        if {*map(type, value)} - _TEXT and not all(isinstance(key, str) for key in value):
            raise TypeError("A key in the history is text.")
        if type(value) is dict and _ATOMS.issuperset(map(type, value.values())):
            return value
        return {key: inner if type(inner) in _ATOMS else _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return value if _ATOMS.issuperset(map(type, value)) else [_plain(inner) for inner in value]
    return _spelt(value)


def _spelt(value: object) -> str:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"The history cannot hold a {type(value).__name__}.")


_TEXT = frozenset((str,))
_ATOMS = frozenset((str, int, bool, type(None)))


@lru_cache(maxsize=256)
def instant_text(at: datetime) -> str:
    """An instant as the chain spells it: UTC, microseconds, Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


_APPEND, _APPEND_PERSONAL = insert(history), insert(history_personal)
_HEAD = select(history_head.c.seq, history_head.c.digest).where(history_head.c.company == bindparam("of"))
_MOVE_HEAD = (
    update(history_head)
    .where(history_head.c.company == bindparam("of"))
    .values(seq=bindparam("to_seq"), digest=bindparam("to_digest"))
)


def _lock_head(connection: Connection, company: str) -> Head:
    row = connection.execute(_HEAD.with_for_update(), {"of": company}).one_or_none()
    if row is None:
        insert_new(connection, history_head, {"company": company, "seq": 0, "digest": GENESIS})
        row = connection.execute(_HEAD.with_for_update(), {"of": company}).one()
    return Head(seq=row.seq, digest=row.digest)


def _link(company: str, seq: int, previous: str, event: Event, personal: list[dict[str, Any]]) -> dict[str, Any]:
    if event.at.tzinfo is None:
        raise ValueError("An instant needs its time zone.")
    personal_digest = ""
    if event.personal is not None:
        salt, body = secrets.token_hex(16), canonical(event.personal)
        personal_digest = _sha256(salt + body)
        personal.append({"company": company, "seq": seq, "salt": salt, "body": body})
    row: dict[str, Any] = {
        "company": company,
        "seq": seq,
        "at": event.at,
        "actor": event.actor,
        "kind": event.kind,
        "account": event.account,
        "subject": event.subject,
        "data": canonical(event.data),
        "personal_digest": personal_digest,
        "previous": previous,
    }
    row["digest"] = _digest(**{name: value for name, value in row.items() if name != "company"})
    return row


def _digest(
    *,
    seq: int,
    at: datetime,
    actor: str,
    kind: str,
    account: str | None,
    subject: str,
    data: str,
    personal_digest: str,
    previous: str,
) -> str:
    """`data` is canonical already; the other keys are set around it in their sorted order."""
    said = (
        f'{{"account":{_quoted(account)},"actor":{_quoted(actor)},"at":"{instant_text(at)}","data":{data},'
        f'"kind":{_quoted(kind)},"personal_digest":"{personal_digest}","seq":{seq},"subject":{_quoted(subject)}}}'
    )
    return _sha256(f"{previous}\n{said}")


@lru_cache(maxsize=1024)
def _quoted(value: str | None) -> str:
    return encode_sorted(value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(connection: Connection, company: str) -> Iterator[Row[Any]]:
    """All rows in their order, a page at a time: a chain of millions is never held at once."""
    seq = -(2**31)
    while rows := connection.execute(_PAGE_OF_ROWS, {"of": company, "after": seq}).all():
        yield from rows
        seq = rows[-1].seq


_PAGE_OF_ROWS = (
    select(history, history_personal.c.salt, history_personal.c.body)
    .join_from(history, history_personal, isouter=True)
    .where(history.c.company == bindparam("of"), history.c.seq > bindparam("after"))
    .order_by(history.c.seq)
    .limit(_PAGE)
)
_CHAINED = ("seq", "at", "actor", "kind", "account", "subject", "data", "personal_digest", "previous")


def _faults(row: Row[Any], last: Head) -> Iterator[str]:
    if row.seq != last.seq + 1:
        yield f"Row {row.seq} follows row {last.seq}: rows were dropped or inserted."
    if row.previous != last.digest:
        yield f"Row {row.seq} does not continue the row before it: rows were dropped, inserted or swapped."
    if row.body is not None and row.personal_digest != _sha256(row.salt + row.body):
        yield f"The personal part of row {row.seq} was changed."
    if row.digest != _digest(**{name: getattr(row, name) for name in _CHAINED}):
        yield f"Row {row.seq} was changed."
