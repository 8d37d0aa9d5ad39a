from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.settings import Security, Settings, load_settings
from connector.settings_sources import SettingsError, render_settings_page, settings_table

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ)
    return refused.value.problems


def test_an_empty_environment_gives_safe_defaults() -> None:
    settings = load_settings({"HOME": "/root", "PATH": "/bin"})
    assert settings == Settings()
    assert settings.fresh_seconds == 60
    assert settings.mail.security is Security.STARTTLS
    waits = (settings.mail.connect_timeout_seconds, settings.mail.command_timeout_seconds)
    assert (*waits, settings.mail.reply_timeout_seconds) == (30, 120, 600)
    assert settings.serve.host == "127.0.0.1"
    assert settings.data_dir.is_absolute()
    assert settings.store_url == f"sqlite:///{settings.data_dir}/duecourse.db"


def test_settings_come_from_variables_nested_by_two_underscores() -> None:
    settings = load_settings(
        {
            "DUECOURSE_FRESH_SECONDS": "120",
            "DUECOURSE_DATABASE_URL": "postgresql://u:canary@host/name",
            "DUECOURSE_MAIL__HOST": "mail.example.com",
            "DUECOURSE_MAIL__PORT": "465",
            "DUECOURSE_MAIL__SECURITY": "tls",
            "DUECOURSE_MAIL__SENDER_NAME": "",
            "DUECOURSE_QUICKBOOKS__API_URL": "http://127.0.0.1:8000/",
        },
    )
    assert (settings.fresh_seconds, settings.mail.port, settings.mail.security) == (120, 465, Security.TLS)
    assert settings.quickbooks.api == "http://127.0.0.1:8000"
    assert settings.store_url == "postgresql://u:canary@host/name"


def test_the_api_follows_the_environment_unless_it_is_named() -> None:
    settings = load_settings({"DUECOURSE_QUICKBOOKS__ENVIRONMENT": "sandbox"})
    assert settings.quickbooks.api == "https://sandbox-quickbooks.api.intuit.com"
    assert Settings().quickbooks.api == "https://quickbooks.api.intuit.com"


def test_every_setting_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "value"
    for doc in settings_table(Settings):
        file.write_text("\n")  # an empty value: the default
        assert load_settings({f"{doc.name}_FILE": str(file)}) == Settings(), doc.name
    file.write_text("canary\n")
    settings = load_settings({"DUECOURSE_MAIL__PASSWORD_FILE": str(file), "DUECOURSE_MAIL__USER": "me"})
    assert settings.mail.password == SecretStr("canary")


def test_a_setting_and_its_file_together_are_refused_naming_both(tmp_path: Path) -> None:
    file = tmp_path / "value"
    file.write_text("canary-in-file")
    said = problems({"DUECOURSE_SECRET_KEY": "canary-in-variable", "DUECOURSE_SECRET_KEY_FILE": str(file)})
    assert said == ["DUECOURSE_SECRET_KEY and DUECOURSE_SECRET_KEY_FILE are both set: keep one of them."]


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("DUECOURSE_FRESH_SECOND", "DUECOURSE_FRESH_SECONDS"),
        ("DUECOURSE_MAIL_HOST", "DUECOURSE_MAIL__HOST"),
        ("DUECOURSE_SECRETKEY_FILE", "DUECOURSE_SECRET_KEY_FILE"),
        ("DUECOURSE_QUICKBOOKS__APIURL", "DUECOURSE_QUICKBOOKS__API_URL"),
        ("DUECOURSE_MAIL", "DUECOURSE_MAIL__"),
    ],
)
def test_an_unknown_setting_is_refused_naming_the_nearest(wrong: str, near: str) -> None:
    (said,) = problems({wrong: "canary"})
    assert said.startswith(f"{wrong} is no setting; the nearest is {near}")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    binary, huge = tmp_path / "binary", tmp_path / "huge"
    binary.write_bytes(b"\xff\xfe\x00")
    huge.write_bytes(b"x" * 100_000)
    said = problems(
        {
            "DUECOURSE_SECRET_KEY_FILE": str(tmp_path / "absent"),
            "DUECOURSE_POSTAL_ADDRESS_FILE": str(binary),
            "DUECOURSE_BANK_DETAILS_FILE": str(huge),
        },
    )
    assert said == [
        f"DUECOURSE_SECRET_KEY_FILE: {tmp_path}/absent cannot be read (No such file or directory).",
        f"DUECOURSE_BANK_DETAILS_FILE: {huge} is no text of at most 65536 bytes.",
        f"DUECOURSE_POSTAL_ADDRESS_FILE: {binary} is no text of at most 65536 bytes.",
    ]


def test_all_problems_are_told_at_once_and_no_value_is() -> None:
    said = problems(
        {
            "DUECOURSE_FRESH_SECONDS": "canary",
            "DUECOURSE_SYNC_MINUTES": "0",
            "DUECOURSE_MAIL__SECURITY": "canary",
            "DUECOURSE_MAIL__SENDER_NAME": "canary\r\nBcc: canary",
            "DUECOURSE_QUICKBOOKS__API_URL": "canary",
            "DUECOURSE_NONSENSE": "canary",
        },
    )
    assert [line.split(" ")[0].rstrip(":") for line in said] == [
        "DUECOURSE_NONSENSE",
        "DUECOURSE_FRESH_SECONDS",
        "DUECOURSE_SYNC_MINUTES",
        "DUECOURSE_MAIL__SECURITY",
        "DUECOURSE_MAIL__SENDER_NAME",
        "DUECOURSE_QUICKBOOKS__API_URL",
    ]
    assert "canary" not in "".join(said)


def test_fresh_is_never_more_than_five_minutes() -> None:
    assert load_settings({"DUECOURSE_FRESH_SECONDS": "300"}).fresh_seconds == 300
    assert problems({"DUECOURSE_FRESH_SECONDS": "301"}) == [
        "DUECOURSE_FRESH_SECONDS should be less than or equal to 300.",
    ]


@pytest.mark.parametrize(
    ("login", "said"),
    [
        ({"USER": "me"}, "user needs password or xoauth2_token"),
        ({"PASSWORD": "canary"}, "a login needs user"),
        ({"USER": "me", "PASSWORD": "canary", "XOAUTH2_TOKEN": "canary"}, "choose one"),
        ({"USER": "me", "PASSWORD": "canary", "SECURITY": "none", "HOST": "mail.example.com"}, "readable to another"),
    ],
)
def test_half_a_login_and_a_readable_one_are_refused(login: dict[str, str], said: str) -> None:
    (problem,) = problems({f"DUECOURSE_MAIL__{name}": value for name, value in login.items()})
    assert said in problem
    assert "canary" not in problem


@pytest.mark.parametrize("address", ["me", "Me <me@example.com>", "a@b.com,c@d.com", "a@b@c", "a@b.com\nBcc: c@d.com"])
def test_an_address_is_one_address(address: str) -> None:
    assert problems({"DUECOURSE_MAIL__REPLY_TO": address}) == [
        "DUECOURSE_MAIL__REPLY_TO must be one e-mail address, without a name.",
    ]
    assert load_settings({"DUECOURSE_MAIL__REPLY_TO": "me+ar@example.com"}).mail.reply_to == "me+ar@example.com"


def test_secrets_are_not_in_what_settings_show_of_themselves() -> None:
    settings = load_settings(
        {
            "DUECOURSE_SECRET_KEY": "canary",
            "DUECOURSE_DATABASE_URL": "postgresql://u:canary@h/n",
            "DUECOURSE_MAIL__USER": "me",
            "DUECOURSE_MAIL__PASSWORD": "canary",
            "DUECOURSE_QUICKBOOKS__CLIENT_SECRET": "canary",
            "DUECOURSE_QUICKBOOKS__WEBHOOK_VERIFIER": "canary",
        },
    )
    assert "canary" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_every_setting_is_documented_and_the_page_is_up_to_date() -> None:
    table = settings_table(Settings)
    assert [doc.name for doc in table if not doc.meaning.endswith(".")] == []
    assert PAGE.read_text(encoding="utf-8") == render_settings_page(Settings), (
        "run: python -m connector.settings_sources > docs/settings.md"
    )


def test_lists_and_pairs_are_divided_by_commas() -> None:
    settings = load_settings(
        {
            "DUECOURSE_S4HANA__PAYMENT_TYPES": "DZ, ZP",
            "DUECOURSE_BUSINESS_ONE__PARTNER_FIELDS": "U_DunMail = emails, U_Phone=phone",
        }
    )
    assert settings.s4hana.payment_types == ("DZ", "ZP")
    assert settings.business_one.partner_fields == {"U_DunMail": "emails", "U_Phone": "phone"}
    assert Settings().business_one.partner_fields == {}
    (said,) = problems({"DUECOURSE_BUSINESS_ONE__DOCUMENT_FIELDS": "U_Memo"})
    assert said == ("DUECOURSE_BUSINESS_ONE__DOCUMENT_FIELDS must be pairs like U_DunMail=emails, divided by commas.")


def test_a_block_for_disputes_needs_its_code() -> None:
    (said,) = problems({"DUECOURSE_S4HANA__WRITE_BLOCKS": "true"})
    assert said == "DUECOURSE_S4HANA: set DUECOURSE_S4HANA__BLOCK_CODE too, the dunning block that a dispute is to set."
    told = {"DUECOURSE_S4HANA__WRITE_BLOCKS": "true", "DUECOURSE_S4HANA__BLOCK_CODE": "Z"}
    assert load_settings(told).s4hana.block_code == "Z"
    assert problems({**told, "DUECOURSE_S4HANA__BLOCK_CODE": "ZZ"})
