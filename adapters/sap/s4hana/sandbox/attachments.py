"""Files attached to journal entries (API_CV_ATTACHMENT_SRV): posted with their names in headers, and listed again."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import unquote

from adapters.sap.s4hana.sandbox.wire import Answer, Refused, encode

SERVICE = "API_CV_ATTACHMENT_SRV"
CONTENT, ORIGINALS = "AttachmentContentSet", "GetAllOriginals"
_LONGEST_NAME = 255


class File(NamedTuple):
    """A file on an object."""

    name: str
    kind: str
    body: bytes
    at: datetime


class Attachments:
    """The files of one company code's journal entries, by the key of the object (`BKPF`)."""

    def __init__(self, is_there: Callable[[str], bool], now: Callable[[], datetime]) -> None:
        self._is_there = is_there
        self._now = now
        self.files: dict[str, list[File]] = {}

    def answer(
        self, method: str, rest: str, params: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """The answer to one call. Raises `Refused`."""
        if not rest:
            return Answer(200, f'{{"d":{{"EntitySets":["{CONTENT}"]}}}}'.encode())
        if method == "GET" and rest == ORIGINALS:
            kind, linked = (
                params.get(name, "").strip("'") for name in ("BusinessObjectTypeName", "LinkedSAPObjectKey")
            )
            self._check(kind, linked)
            return Answer(200, encode({"d": {"results": [_row(each, linked) for each in self.files.get(linked, [])]}}))
        if method == "POST" and rest == CONTENT:
            return self._create(headers, body)
        raise Refused(405, "/IWBEP/CM_MGW_RT/061", f"Method '{method}' is not allowed on '{rest[:60]}'")

    def _create(self, headers: Mapping[str, str], body: bytes) -> Answer:
        name, linked = unquote(headers.get("slug", "")), headers.get("linkedsapobjectkey", "")
        self._check(headers.get("businessobjecttypename", ""), linked)
        if not name or len(name) > _LONGEST_NAME:
            raise Refused(400, "CV_ATTACHMENT/002", "A file needs a name (Slug)")
        made = File(name, headers.get("content-type", ""), body, self._now())
        self.files.setdefault(linked, []).append(made)
        return Answer(201, encode({"d": _row(made, linked)}))

    def _check(self, kind: str, linked: str) -> None:
        if kind != "BKPF" or not self._is_there(linked):
            raise Refused(400, "CV_ATTACHMENT/001", f"Object {kind[:20]} {linked[:40]} does not exist")


def _row(file: File, linked: str) -> dict[str, str]:
    milliseconds = int(file.at.astimezone(UTC).timestamp() * 1000)
    return {
        "LinkedSAPObjectKey": linked,
        "BusinessObjectTypeName": "BKPF",
        "FileName": file.name,
        "MimeType": file.kind,
        "CreatedByUser": "DUECOURSE",
        "CreationDateTime": f"/Date({milliseconds})/",
    }
