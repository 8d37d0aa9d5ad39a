import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.vault import KEY_FILE, Vault, VaultError, open_vault

SECRET = "qK3v9ZtW-first-key-Xb7Lm2Rp5Ns8Yd1"


@given(value=st.binary(max_size=200), company=st.text(max_size=20), name=st.text(max_size=20))
def test_what_was_sealed_opens_unchanged_and_only_for_its_company_and_name(
    value: bytes, company: str, name: str
) -> None:
    vault = Vault(SECRET)
    sealed = vault.seal(value, company=company, name=name)
    assert Vault(SECRET).open(sealed, company=company, name=name) == value
    for other_company, other_name in ((company + "x", name), (company, name + "x"), (company + name, "")):
        if (other_company, other_name) != (company, name):
            with pytest.raises(VaultError):
                vault.open(sealed, company=other_company, name=other_name)


def test_a_flipped_bit_anywhere_is_found() -> None:
    vault = Vault(SECRET)
    sealed = vault.seal(b"token", company="c", name="n")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(VaultError, match="was changed"):
            vault.open(bytes(changed), company="c", name="n")
    with pytest.raises(VaultError):
        vault.open(b"", company="c", name="n")


def test_the_same_value_is_never_sealed_to_the_same_bytes() -> None:
    vault = Vault(SECRET)
    assert len({vault.seal(b"token", company="c", name="n") for _ in range(100)}) == 100


def test_another_key_has_another_id_and_opens_nothing() -> None:
    vault, other = Vault(SECRET), Vault(SECRET + "x")
    assert vault.key_id == Vault(SECRET).key_id != other.key_id
    with pytest.raises(VaultError):
        other.open(vault.seal(b"token", company="c", name="n"), company="c", name="n")


def test_the_key_is_not_in_what_the_vault_shows_of_itself() -> None:
    assert repr(Vault(SECRET)) == f"Vault({Vault(SECRET).key_id})"


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "has 0 characters, and needs 32"),
        ("short-but-R4ndom", "has 16 characters, and needs 32"),
        ("a" * 40, "can be guessed"),
        ("changeme-changeme-changeme-changeme", "can be guessed"),
        ("0123456789abcdef0123456789abcdef", "can be guessed"),
        ("your secret key goes here, please, now", "can be guessed"),
    ],
)
def test_a_weak_key_is_refused_and_not_repeated(secret: str, said: str) -> None:
    with pytest.raises(VaultError, match=said) as refused:
        Vault(secret)
    assert not secret or secret not in str(refused.value)


def test_without_a_key_one_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first, second = open_vault(None, tmp_path / "data"), open_vault(None, tmp_path / "data")
    path = tmp_path / "data" / KEY_FILE
    assert first.key_id == second.key_id
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == [KEY_FILE]
    assert open_vault(SECRET, tmp_path / "data").key_id == Vault(SECRET).key_id


def test_two_that_start_at_once_end_with_one_key(tmp_path: Path) -> None:
    found: list[str] = []
    start = threading.Barrier(4)

    def begin() -> None:
        start.wait()
        found.append(open_vault(None, tmp_path).key_id)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    open_vault(None, tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(VaultError, match="can be read by others: chmod 600"):
        open_vault(None, tmp_path)


def test_a_key_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    path.touch(mode=0o600)
    with pytest.raises(VaultError, match="0 characters"):
        open_vault(None, tmp_path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(VaultError, match="holds no key"):
        open_vault(None, tmp_path)
    path.unlink()
    path.mkdir(mode=0o700)
    with pytest.raises(VaultError, match="cannot be used: Is a directory"):
        open_vault(None, tmp_path)
