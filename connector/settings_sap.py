"""Settings of SAP S/4HANA and Business One: where the system is, how we sign in, where our notes go."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, model_validator

from connector.settings_kinds import Folder, Group, Line, Pairs, Url, Words

TextId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{0,4}$")]


class S4HanaSettings(Group):
    """Our user in an S/4HANA system, and what of it to use."""

    url: Url | None = Field(
        default=None, description="The system's address: of S/4HANA Cloud the one with `-api` in it. Empty: none."
    )
    user: Line = Field(default="", description="The communication user; with OAuth, the client id.")
    password: SecretStr | None = Field(default=None, description="Its password; with OAuth, the client secret.")
    token_url: Url | None = Field(
        default=None, description="Where OAuth tokens are had (client credentials). Empty: user and password, or TLS."
    )
    certificate: Folder | None = Field(default=None, description="A client certificate (PEM) to sign in with.")
    certificate_key: Folder | None = Field(default=None, description="Its key, where it is in a file of its own.")
    ca_file: Folder | None = Field(
        default=None, description="The authorities to trust (PEM), for a system with a certificate of its own."
    )
    client: Annotated[str, StringConstraints(pattern=r"^(\d{3})?$")] = Field(
        default="", description="The client (Mandant), three digits. Empty: the system's default."
    )
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = Field(
        default="en", description="The language of what the system says."
    )
    text_id: TextId = Field(
        default="0001", description="The long text of a customer in a company code that takes our notes."
    )
    text_language: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = Field(
        default="EN", description="The language key of that text."
    )
    archive_text_id: TextId = Field(
        default="",
        description="A second long text, for notes that have no room any more. Empty: all stay in the first.",
    )
    text_length: int = Field(
        default=20_000, ge=2_500, le=1_000_000, description="Characters of the text from which older notes move."
    )
    payment_types: Words = Field(
        default=("DZ",),
        description="Document types of customer payments, divided by commas; other credits are credit memos.",
    )
    payment_block_holds: bool = Field(
        default=False,
        description="Whether a payment block, or a direct debit, holds reminders too. SAP keeps them apart.",
    )
    direct_debits: tuple[Line, ...] = Field(
        default=(), description="Payment methods with which we collect the money ourselves: said beside such an item."
    )
    write_blocks: bool = Field(
        default=False,
        description="Whether a dispute sets the customer's dunning block: SAP's own dunning run then skips all of it.",
    )
    block_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]?$")] = Field(
        default="", description="The dunning block that a dispute sets: a key of its own, which nobody else uses."
    )
    write_dunning_level: bool = Field(
        default=False,
        description="Whether a reminder that left raises the customer's dunning level and its day in SAP.",
    )
    attach_to_items: bool = Field(
        default=False,
        description="Whether a note is also attached, as a text file, to the journal entries it is about.",
    )
    promises_url: Url | None = Field(
        default=None,
        description="An OData V4 service of your own that takes promises and disputes (docs/sap.md). Empty: none.",
    )
    page_size: int = Field(default=1000, ge=50, le=5000, description="Lines asked for at once.")
    sync_minutes: int = Field(default=30, ge=1, le=1440, description="Minutes between two syncs of an S/4HANA company.")

    @model_validator(mode="after")
    def _blocks_have_a_code(self) -> "S4HanaSettings":
        if self.write_blocks and not self.block_code:
            raise ValueError("set DUECOURSE_S4HANA__BLOCK_CODE too, the dunning block that a dispute is to set")
        return self


class BusinessOneSettings(Group):
    """Our user in Business One's Service Layer, and what of it to use."""

    url: Url | None = Field(
        default=None, description="The Service Layer, like https://b1.example.com:50000. Empty: none."
    )
    user: Line = Field(default="", description="The user to log in as.")
    password: SecretStr | None = Field(default=None, description="Its password.")
    ca_file: Folder | None = Field(
        default=None, description="The authority to trust (PEM): Business One signs its certificate itself."
    )
    version: Literal["v2", "v1"] = Field(
        default="v2", description="`v2`, or the older `v1` where a server has no other."
    )
    zone: Line = Field(default="", description="The server's time zone by its city. Empty: days alone are compared.")
    page_size: int = Field(default=500, ge=20, le=5000, description="Rows asked for at once.")
    marker_field: Annotated[str, StringConstraints(pattern=r"^(U_\w+)?$")] = Field(
        default="",
        description="An activities' field of your own (`U_…`) that takes our marker. Empty: the note has it.",
    )
    details_length: int = Field(default=100, ge=40, le=254, description="Characters that an activity's Details hold.")
    dispute_blocks: bool = Field(
        default=False,
        description="Whether a dispute sets the invoice's BlockDunning, so that its own wizard waits too.",
    )
    partner_fields: Pairs = Field(
        default={},
        description="Customers' fields of your own and what they are read as: `U_DunMail=emails` (docs/sap.md).",
    )
    document_fields: Pairs = Field(default={}, description="Documents' fields of your own, likewise.")
    sync_minutes: int = Field(default=30, ge=1, le=1440, description="Minutes between two syncs of such a company.")
