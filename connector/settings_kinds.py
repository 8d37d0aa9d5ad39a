"""Kinds of settings: one line, an address, a web address, a folder; each says what is wrong with it."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict


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


Line = Annotated[str, AfterValidator(_no_line_break)]
Address = Annotated[str, AfterValidator(_mail_address)]
Url = Annotated[str, AfterValidator(_web_address)]
Folder = Annotated[Path, AfterValidator(_home)]


class Group(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
