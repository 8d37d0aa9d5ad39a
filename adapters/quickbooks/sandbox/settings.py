"""How the sandbox behaves where the real one is undocumented, or where a test wants it harder."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """Settings of one QuickBooks sandbox."""

    realm_id: str = "9130355377388383"  # given out by the authorize page; any realm id in a path is this company
    open_door: bool = False  # take any bearer token, without OAuth
    client_id: str = ""  # empty: any client id and secret
    client_secret: str = ""
    refresh_token: str = "sandbox-refresh-token"  # noqa: S105 - handed out beforehand, for clients that start with one
    access_lifetime: timedelta = timedelta(hours=1)
    refresh_lifetime: timedelta = timedelta(days=101)
    hard_lifetime: timedelta = timedelta(days=5 * 365)
    rotate_after: timedelta = timedelta(hours=24)  # a refresh token older than this is replaced at its next use
    rotation_grace: timedelta = timedelta(hours=24)  # how long the replaced one still works
    request_ids_kept: timedelta = timedelta(hours=24)
    same_id_other_body: str = "first_reply"  # or "code_600"
    visible_after: timedelta = timedelta(0)  # rows show up in queries and CDC so long after their change (at most 30 s)
    duplicate_numbers: bool = True  # False: a DocNumber that exists is refused (6140) unless the call allows it
    payment_pages: bool = True  # online payment is on: invoices have an InvoiceLink when asked with include
    language: str = "en"  # of report titles: en, de, fr, es
    cdc_days: int = 30
    cdc_objects: int = 1000
    batch_items: int = 30
