"""Seals credentials: AES-256-GCM, under a key that never lies in the database.

The key comes from DUECOURSE_SECRET_KEY (or its _FILE), else from a file in the data folder that is made once. Each
sealed value is bound to its company and its name, so that it opens nowhere else, and carries the id of its key.
"""

import json
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_FILE = "secret.key"
_SHORTEST, _FEWEST_CHARACTERS, _NONCE = 32, 10, 12
_KNOWN = (
    "changeme",
    "change-me",
    "change_me",
    "password",
    "secretkey",
    "example",
    "yoursecret",
    "0123456789",
    "abcdefgh",
)
_NEW_KEY = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"


class VaultError(Exception):
    """The vault cannot be opened, or a value in it; one sentence, without secrets."""


class Vault:
    """Seals and opens values under one key."""

    def __init__(self, secret: str) -> None:
        """Raises VaultError for a secret that is short, or that somebody could guess."""
        _check(secret)
        self._cipher = AESGCM(_derive(secret, "duecourse vault"))
        #: Tells keys apart without telling the key.
        self.key_id = _derive(secret, "duecourse key id", 8).hex()

    def __repr__(self) -> str:
        return f"Vault({self.key_id})"

    def seal(self, value: bytes, *, company: str, name: str) -> bytes:
        """`value` as nobody without the key can read or change it."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, value, self._bound_to(company, name))

    def open(self, sealed: bytes, *, company: str, name: str) -> bytes:
        """What was sealed. Raises VaultError where it was changed, or sealed for another company, name or key."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._bound_to(company, name))
        except (InvalidTag, ValueError) as error:
            raise VaultError(
                f"The stored {name} of {company} cannot be opened: it was changed. Connect again."
            ) from error

    def _bound_to(self, company: str, name: str) -> bytes:
        return json.dumps([self.key_id, company, name]).encode()


def open_vault(secret: str | None, data_dir: Path) -> Vault:
    """The vault under `secret`, or under the key file of the data folder, made now if there is none.

    Raises VaultError for a weak secret and for a key file that others may read.
    """
    return Vault(secret if secret is not None else _key_from_file(data_dir / KEY_FILE))


def _check(secret: str) -> None:
    squeezed = secret.lower().replace(" ", "")
    problem = None
    if len(secret) < _SHORTEST:
        problem = f"has {len(secret)} characters, and needs {_SHORTEST}"
    elif len(set(secret)) < _FEWEST_CHARACTERS or any(known in squeezed for known in _KNOWN):
        problem = "can be guessed"
    if problem:
        raise VaultError(f"The secret key {problem}: make a new one, for example with {_NEW_KEY}.")


def _derive(secret: str, purpose: str, length: int = 32) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose.encode()).derive(secret.encode())


def _key_from_file(path: Path) -> str:
    try:
        if not path.exists():
            _make_key_file(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise VaultError(f"The key file {path} can be read by others: chmod 600 it.")
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(
            f"The key file {path} cannot be used: {getattr(error, 'strerror', 'it holds no key')}."
        ) from error


def _make_key_file(path: Path) -> None:
    """Written whole beside it, then linked: of two programs that start at once, one makes the key and both read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
