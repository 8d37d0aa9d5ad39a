"""Credentials, sealed at rest; and a company's tokens, refreshed by one process at a time."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

import msgspec
from sqlalchemy import Connection, delete, select

from adapters.errors import LedgerAuthExpired, LedgerUnavailable
from connector.clock import Clock
from connector.store import leases
from connector.store.engine import Database
from connector.store.tables import credential, key_fingerprint
from connector.store.upsert import upsert
from connector.vault import KEY_FILE, Vault, VaultError

T = TypeVar("T")
TOKENS = "tokens"
_LEASE_SECONDS = 120.0
_LONGEST_WAIT = 2 * _LEASE_SECONDS


def check_key(connection: Connection, vault: Vault, now: datetime) -> None:
    """Notes the key's id in a new database. Raises VaultError where the credentials here have another."""
    known = set(connection.execute(select(key_fingerprint.c.key_id)).scalars())
    if not known:
        upsert(connection, key_fingerprint, [{"key_id": vault.key_id, "created_at": now}], update=())
    elif vault.key_id not in known:
        raise VaultError(
            f"This secret key ({vault.key_id}) is not the one that this database was sealed with "
            f"({', '.join(sorted(known))}): set DUECOURSE_SECRET_KEY, or put {KEY_FILE} back, as it was."
        )


def put(connection: Connection, vault: Vault, company: str, name: str, value: bytes, *, now: datetime) -> None:
    """Seals and stores a credential, in place of the one before."""
    sealed = vault.seal(value, company=company, name=name)
    row = {"company": company, "name": name, "key_id": vault.key_id, "sealed": sealed, "updated_at": now}
    upsert(connection, credential, [row])


def get(connection: Connection, vault: Vault, company: str, name: str) -> bytes | None:
    """A credential as it was stored; None where there is none. Raises VaultError where it cannot be opened."""
    where = (credential.c.company == company) & (credential.c.name == name)
    row = connection.execute(select(credential.c.key_id, credential.c.sealed).where(where)).one_or_none()
    if row is None:
        return None
    if row.key_id != vault.key_id:
        raise VaultError(
            f"The {name} of {company} were sealed with the key {row.key_id}, and this one is {vault.key_id}."
        )
    return vault.open(row.sealed, company=company, name=name)


def forget(connection: Connection, company: str) -> int:
    """Removes all credentials of a company, and tells how many there were."""
    return connection.execute(delete(credential).where(credential.c.company == company)).rowcount


def reseal(connection: Connection, old: Vault, new: Vault, now: datetime) -> int:
    """Seals every credential anew under another key, which then is this database's; tells how many."""
    rows = connection.execute(select(credential.c.company, credential.c.name)).all()
    for company, name in rows:
        value = get(connection, old, company, name)
        assert value is not None
        put(connection, new, company, name, value, now=now)
    connection.execute(delete(key_fingerprint))
    check_key(connection, new, now)
    return len(rows)


class StoredTokens(Generic[T]):
    """A company's tokens, of the kind its ledger has (a dataclass): the adapter's token store. Safe for threads."""

    def __init__(self, kind: type[T], database: Database, vault: Vault, clock: Clock, company: str) -> None:
        self._kind = kind
        self._database = database
        self._vault = vault
        self._clock = clock
        self._company = company
        self._lease = f"tokens:{company}"
        self._holder = uuid.uuid4().hex
        self._threads = Lock()
        self._fence: int | None = None
        self._seen: bytes | None = None

    def load(self) -> T:
        """The tokens stored last. Raises LedgerAuthExpired where the company is not connected."""
        with self._database.read() as connection:
            stored = get(connection, self._vault, self._company, TOKENS)
        if stored is None:
            raise LedgerAuthExpired(f"{self._company} is not connected to its ledger: run `duecourse connect`.")
        return msgspec.json.decode(stored, type=self._kind)

    def save(self, tokens: T) -> None:
        """Replaces the tokens; durable when this returns. A holder whose lease ran out leaves those alone that
        somebody else has stored since: theirs are newer.
        """
        with self._database.write("save tokens") as connection:
            if self._late(connection) and get(connection, self._vault, self._company, TOKENS) != self._seen:
                return
            put(connection, self._vault, self._company, TOKENS, msgspec.json.encode(tokens), now=self._clock.now())

    def _late(self, connection: Connection) -> bool:
        return self._fence is not None and not leases.is_current(connection, self._lease, self._fence)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by one at a time, over all processes. Raises LedgerUnavailable where others hold it for minutes."""
        with self._threads:  # the lease keeps other processes out, and lets us in again
            self._fence = number = self._wait_for_lease()
            try:
                with self._database.read() as connection:
                    self._seen = get(connection, self._vault, self._company, TOKENS)
                yield
            finally:
                self._fence = None
                with self._database.write("release token lease") as connection:
                    leases.release(connection, self._lease, number, self._clock.now())

    def _wait_for_lease(self) -> int:
        waited, pause = 0.0, 0.02
        while waited <= _LONGEST_WAIT:
            with self._database.write("take token lease") as connection:
                number = leases.take(connection, self._lease, self._holder, self._clock.now(), _LEASE_SECONDS)
            if number is not None:
                return number
            self._clock.sleep(pause)
            waited, pause = waited + pause, min(1.0, pause * 1.5)
        raise LedgerUnavailable(
            "Another process is renewing this company's connection and does not come back.", sent=False
        )
