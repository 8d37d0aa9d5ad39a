"""Our entries as text files on the journal entries they are about (API_CV_ATTACHMENT_SRV, business object BKPF).

A file's name comes from the entry's key: one that is there already is not made again, whatever answer was lost. The
object's key is company code, document (ten digits) and fiscal year, without anything between them.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from adapters.documents import DocumentRef
from adapters.errors import LedgerRejected
from adapters.sap.faults import NotThere
from adapters.sap.odata import ODataClient, Query
from adapters.sap.s4hana.cutting import text
from adapters.sap.s4hana.texts import Note

OBJECT, CONTENT, ORIGINALS = "BKPF", "AttachmentContentSet", "GetAllOriginals"
_MOST = 100
"""Documents of one entry that get a file: as many as a letter lists."""


class _Original(msgspec.Struct, rename="pascal"):
    file_name: str = ""


class _Entry(NamedTuple):
    """A journal entry, without filling zeros."""

    year: str
    document: str


class AttachmentWriter:
    """Attaches entries to journal entries of one company code."""

    def __init__(self, client: ODataClient, company_code: str) -> None:
        self._client = client
        self._company_code = company_code

    def __call__(self, note: Note) -> str:
        """Before the entry's text is written. Returns what could not be done, empty where nothing is missing."""
        refused = []
        for each in _entries(note.documents)[:_MOST]:
            try:
                self._attach(each, note)
            except LedgerRejected as error:
                refused.append(f"Not attached to {each.document}/{each.year}: {error}")
        more = f" ({len(refused) - 1} more)" if len(refused) > 1 else ""
        return f"{refused[0]}{more}" if refused else ""

    def _attach(self, entry: _Entry, note: Note) -> None:
        name = file_name(note.key)
        linked = object_key(self._company_code, entry.document, entry.year)
        if name in names_on(self._client, linked):
            return
        headers = {
            "Slug": quote(name, safe=" "),
            "BusinessObjectTypeName": OBJECT,
            "LinkedSAPObjectKey": linked,
            "Content-Type": "text/plain",
        }
        self._client.change("POST", CONTENT, note.text.encode(), headers=headers)


def object_key(company_code: str, document: str, year: str) -> str:
    """What the service calls a journal entry."""
    return f"{company_code}{document.zfill(10)}{year}"


def names_on(client: ODataClient, linked: str) -> set[str]:
    """The names of the files on a journal entry. Raises LedgerError."""
    asked = {"BusinessObjectTypeName": text(OBJECT), "LinkedSAPObjectKey": text(linked)}
    try:
        page = client.rows(ORIGINALS, _Original, Query(more=asked))
    except NotThere:  # some systems answer so where nothing is attached yet
        return set()
    return {each.file_name for each in page.good}


def file_name(key: str) -> str:
    """The file's name for an entry's key, of signs that every system takes; two keys never share one."""
    plain = re.sub(r"[^A-Za-z0-9.-]", "-", key)[:150]
    return f"duecourse {plain} {sha256(key.encode()).hexdigest()[:8]}.txt"


def _entries(documents: Iterable[DocumentRef]) -> list[_Entry]:
    """The journal entries of these documents, each once: a ref holds year, document and line."""
    parts = (ref.partition(":")[2].split("/") for ref in documents)
    return list(dict.fromkeys(_Entry(each[0], each[1]) for each in parts if len(each) == 3))
