"""Settings: environment variables `DUECOURSE_*`, each also as `…_FILE` naming a file that holds the value.

The descriptions here are the documentation: docs/settings.md is made from them. Making a `Settings` never reads
the environment; `load_settings` does, and reports every problem at once.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from connector.settings_kinds import Address, Folder, Group, Line, Url
from connector.settings_sap import BusinessOneSettings, S4HanaSettings
from connector.settings_sources import PREFIX, Environment

__all__ = [
    "BusinessOneSettings",
    "Environment",
    "MailSettings",
    "QuickBooksSettings",
    "S4HanaSettings",
    "Security",
    "ServeSettings",
    "Settings",
    "load_settings",
]


_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class Security(StrEnum):
    """How a connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MailSettings(Group):
    """How reminders leave."""

    host: Line = Field(default="", description="The SMTP server. Empty: nothing can be sent.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port: 587 for STARTTLS, 465 for TLS.")
    security: Security = Field(
        default=Security.STARTTLS, description="`starttls`, `tls`, or `none` (only for a server on this machine)."
    )
    user: Line = Field(default="", description="The user to log in as. Empty: no login.")
    password: SecretStr | None = Field(default=None, description="The password to log in with.")
    xoauth2_token: SecretStr | None = Field(
        default=None, description="An access token to log in with by XOAUTH2, instead of a password."
    )
    sender_address: Address = Field(default="", description="The address that reminders come from.")
    sender_name: Line = Field(default="", description="The name beside it. Empty: the company's name.")
    reply_to: Address = Field(default="", description="Where answers go. Empty: to the sender.")
    stop_address: Address = Field(
        default="", description="An address that somebody reads, offered as List-Unsubscribe. Empty: not offered."
    )
    connect_timeout_seconds: int = Field(
        default=30, ge=1, le=600, description="How long to wait for a connection, and for the server's first word."
    )
    command_timeout_seconds: int = Field(
        default=120, ge=1, le=3600, description="How long to wait for the server's reply to each command."
    )
    reply_timeout_seconds: int = Field(
        default=600,
        ge=1,
        le=3600,
        description="How long to wait for the server's last reply before a message counts as uncertain.",
    )
    connections: int = Field(default=4, ge=1, le=32, description="Connections to the mail server at the same time.")

    @model_validator(mode="after")
    def _one_login(self) -> "MailSettings":
        if self.password is not None and self.xoauth2_token is not None:
            raise ValueError("password and xoauth2_token are both set: choose one")
        if (self.password or self.xoauth2_token) and not self.user:
            raise ValueError("a login needs user")
        if self.user and not (self.password or self.xoauth2_token):
            raise ValueError("user needs password or xoauth2_token")
        if self.user and self.security is Security.NONE and self.host not in _THIS_MACHINE:
            raise ValueError("security is none: a login would travel readable to another machine")
        return self


class QuickBooksSettings(Group):
    """Our app at Intuit, and how much of its limits to use."""

    client_id: Line = Field(default="", description="The app's client id, from Intuit's developer pages.")
    client_secret: SecretStr | None = Field(default=None, description="The app's client secret.")
    environment: Literal["production", "sandbox"] = Field(
        default="production", description="`production`, or Intuit's own `sandbox` companies."
    )
    redirect_url: Url = Field(
        default="http://localhost:8765/callback",
        description="Where Intuit sends the browser back to; registered with the app.",
    )
    api_url: Url | None = Field(default=None, description="Where the API is. Empty: Intuit's, for the environment.")
    authorize_url: Url = Field(
        default="https://appcenter.intuit.com/connect/oauth2", description="The page on which a person gives consent."
    )
    token_url: Url = Field(
        default="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
        description="Where tokens are had and renewed.",
    )
    revoke_url: Url = Field(
        default="https://developer.api.intuit.com/v2/oauth2/tokens/revoke", description="Where consent is given back."
    )
    webhook_verifier: SecretStr | None = Field(default=None, description="The verifier token of the app's webhooks.")
    history_months: int = Field(
        default=18, ge=0, le=120, description="How many months of closed documents the first sync reads."
    )
    monthly_budget: int = Field(default=500_000, ge=1, description="Metered calls that the app may make in a month.")
    notes: Literal["attachable", "private_note"] = Field(
        default="attachable",
        description="Where a new company's notes go: `attachable` (a note attached to customer and invoices), or "
        "`private_note` (the invoice's Statement Memo, which may print), if a person agrees at connect.",
    )

    _APIS: ClassVar[Mapping[str, str]] = {
        "production": "https://quickbooks.api.intuit.com",
        "sandbox": "https://sandbox-quickbooks.api.intuit.com",
    }

    @property
    def api(self) -> str:
        """Where the API is."""
        return self.api_url or self._APIS[self.environment]


class ServeSettings(Group):
    """Where `duecourse serve` listens."""

    host: Line = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8080, ge=1, le=65535, description="The port to listen on.")


class Settings(BaseSettings):
    """All settings, with what holds when nothing is said."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    company: Line = Field(
        default="", description="The company that commands are about, where several are connected: its id or name."
    )
    data_dir: Folder = Field(
        default=Path("~/.local/share/duecourse"),
        validate_default=True,
        description="The data folder: database, key file, backups.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="`postgresql://user:password@host/name`, or `sqlite:////path`. "
        "Empty: `duecourse.db` in the data folder.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="The key that seals credentials, at least 32 random characters. "
        "Empty: made once, in `secret.key` in the data folder.",
    )
    allow_network_folder: bool = Field(
        default=False, description="Allow SQLite on a network file system, where its locks are often broken."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="What is logged.")
    fresh_seconds: int = Field(
        default=60,
        ge=1,
        le=300,
        description="How old the ledger's figures may be when a message leaves; older, they are read again.",
    )
    sync_minutes: int = Field(default=15, ge=1, le=1440, description="Minutes between two syncs.")
    default_cadence: Line = Field(
        default="standard", description="The cadence of customers for whom no rule names another."
    )
    cadence_folder: Folder | None = Field(default=None, description="A folder with cadences of your own (TOML).")
    inbox_folder: Folder | None = Field(
        default=None, description="A folder in which incoming mails (.eml) are left for reading."
    )
    assignment_file: Folder | None = Field(
        default=None, description="A file with the rules that say which customer gets which cadence (TOML)."
    )
    business_opens: int = Field(default=9, ge=0, le=23, description="The hour at which the company begins to write.")
    business_closes: int = Field(default=17, ge=1, le=23, description="The hour at which it stops.")
    bank_details: str = Field(default="", description="How to pay, as printed in reminders; several lines are fine.")
    postal_address: str = Field(default="", description="The company's address, as printed below reminders.")
    mail: MailSettings = MailSettings()
    quickbooks: QuickBooksSettings = QuickBooksSettings()
    s4hana: S4HanaSettings = S4HanaSettings()
    business_one: BusinessOneSettings = BusinessOneSettings()
    serve: ServeSettings = ServeSettings()

    @model_validator(mode="after")
    def _a_day_of_hours(self) -> "Settings":
        if self.business_opens >= self.business_closes:
            raise ValueError(
                "DUECOURSE_BUSINESS_OPENS must be an hour before DUECOURSE_BUSINESS_CLOSES: nothing would ever be sent"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed in; `load_settings` hands in the environment."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    def minutes_between_syncs(self, ledger: str) -> int:
        """Minutes between two syncs of a company with this ledger."""
        of_sap = {"s4hana": self.s4hana.sync_minutes, "business_one": self.business_one.sync_minutes}
        return of_sap.get(ledger, self.sync_minutes)

    @property
    def store_url(self) -> str:
        """The database's URL, password included: for opening it, never for showing."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'duecourse.db'}"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this environment (default: the process's). Raises SettingsError with every problem at once."""
    source = Environment(Settings, os.environ if environ is None else environ)
    return source.validated(Settings)
