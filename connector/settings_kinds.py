"""Kinds of settings: one line, an address, a web address, a folder; each says what is wrong with it."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict


def _no_line_break(value: str) -> str:
    if any(character < " " or character in "\x7f\x85\u2028\u2029" for character in value):
        raise ValueError("must be one line without control characters")
    return value


def _web_address(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// (or http://, for a sandbox on this machine)")
    try:
        named = urlsplit(value)
        has_place = bool(named.hostname) and named.port != 0
    except ValueError:
        has_place = False
    if not has_place or re.search(r"\s", value):
        raise ValueError("must name a server, as https://host or https://host:port do")
    return value.rstrip("/")


def _home(value: Path) -> Path:
    if any(character < " " for character in str(value)):
        raise ValueError("must be a path without control characters")
    try:
        return value.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError("must not begin with the home of a user that is not there") from error


def _mail_address(value: str) -> str:
    if value and not re.fullmatch(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+", value):
        raise ValueError("must be one e-mail address, without a name")
    return value


def _divided(value: object) -> object:
    """`DZ, ZP` as two words; what is a list already stays as it is."""
    return tuple(each.strip() for each in value.split(",") if each.strip()) if isinstance(value, str) else value


def _paired(value: object) -> object:
    """`U_DunMail=emails, U_Phone=phone` as pairs; what is a mapping already stays as it is."""
    if not isinstance(value, str):
        return value
    pairs = [each.partition("=") for each in value.split(",") if each.strip()]
    if any(not equals or not name.strip() or not what.strip() for name, equals, what in pairs):
        raise ValueError("must be pairs like U_DunMail=emails, divided by commas")
    return {name.strip(): what.strip() for name, _, what in pairs}


Line = Annotated[str, AfterValidator(_no_line_break)]
Words = Annotated[tuple[Line, ...], BeforeValidator(_divided)]
Pairs = Annotated[dict[str, str], BeforeValidator(_paired)]
Address = Annotated[str, AfterValidator(_mail_address)]
Url = Annotated[str, AfterValidator(_web_address)]
Folder = Annotated[Path, AfterValidator(_home)]


class Group(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
