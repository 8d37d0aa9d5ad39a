"""The hash chain of the audit: one digest per row over the row and the digest before it."""

import json
from hashlib import sha256
from typing import Any

GENESIS = "0" * 64
COVERED = ("seq", "at", "actor", "kind", "account", "subject", "data", "personal_digest")


def canonical(row: dict[str, Any]) -> str:
    """The part of a row that its digest covers, as JSON with one spelling."""
    covered = {name: row.get(name) for name in COVERED}
    return json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(previous: str, row: dict[str, Any]) -> str:
    """The digest a row must carry after `previous`."""
    return sha256(f"{previous}\n{canonical(row)}".encode()).hexdigest()


def chained(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows numbered and chained anew."""
    previous, result = GENESIS, []
    for seq, row in enumerate(rows, start=1):
        linked = {**row, "seq": seq, "previous": previous}
        linked["digest"] = previous = digest(previous, linked)
        result.append(linked)
    return result


def broken_links(rows: list[dict[str, Any]], first: int = 0) -> list[str]:
    """One sentence for each row, from the place `first` on, that does not follow from the row before."""
    wrong: list[str] = []
    previous, last = (rows[first - 1]["digest"], int(rows[first - 1]["seq"])) if first else (GENESIS, 0)
    for row in rows[first:]:
        seq = int(row["seq"])
        if seq <= last:
            wrong.append(f"audit row {seq} does not come after row {last}")
        if row["previous"] != previous:
            wrong.append(
                f"audit row {seq} ({row['kind']}) does not follow from row {last}: a row is missing or changed"
            )
        elif row["digest"] != digest(previous, row):
            wrong.append(f"audit row {seq} ({row['kind']} of {row['at']}) was changed after it was written")
        previous, last = row["digest"], seq
    return wrong
