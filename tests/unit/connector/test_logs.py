import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from connector.clock import SimulatedClock
from connector.logs import configure_logs

CANARIES = ("canary-password-1", "RT1-canary-refresh-token", "zoe.canary@example.com", "AB11canaryaccesstoken")


@pytest.fixture
def written(clock: SimulatedClock) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    configure_logs("INFO", clock, stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def line(written: io.StringIO) -> dict[str, Any]:
    (only,) = written.getvalue().splitlines()
    parsed: dict[str, Any] = json.loads(only)
    return parsed


def test_an_event_is_one_json_line_stamped_by_the_clock_in_use(written: io.StringIO) -> None:
    structlog.get_logger().info("synced", company="c", documents=3)
    assert line(written) == {
        "event": "synced",
        "company": "c",
        "documents": 3,
        "level": "info",
        "at": "2026-11-02T09:00:00.000+00:00",
    }


def test_no_canary_reaches_the_log_from_any_field(written: io.StringIO) -> None:
    log = structlog.get_logger()
    for canary in CANARIES:
        nested = {"inner": [{"refresh_token": canary, "Authorization": f"Bearer {canary}"}]}
        log.info("called", password=canary, client_secret=canary, nested=nested)
    log.info(" for ".join(("Bearer " + CANARIES[3], CANARIES[2])), to=f"Zoë <{CANARIES[2]}>", **{CANARIES[2]: 1})
    log.info("opened", url=f"postgresql://user:{CANARIES[0]}@host/name", refused=f"refresh_token={CANARIES[1]}")
    try:
        int(f"password={CANARIES[0]} of {CANARIES[2]}")
    except ValueError:
        log.exception("failed")
    logging.getLogger("library").warning("refresh_token=%s to %s", CANARIES[1], CANARIES[2])
    assert len(written.getvalue().splitlines()) == 8
    assert [canary for canary in CANARIES if canary in written.getvalue()] == []


def test_counts_and_flags_named_like_secrets_are_shown(written: io.StringIO) -> None:
    structlog.get_logger().info("status", tokens=3, has_password=True, credential=None)
    assert (line(written)["tokens"], line(written)["has_password"], line(written)["credential"]) == (3, True, None)


@pytest.mark.parametrize("hostile", ["a\r\nb", "\x1b[2Jgone", "a\u2028b", "\x9b31m", "\u202eevil", "nul\x00"])
def test_no_text_forges_a_line_or_moves_a_cursor(written: io.StringIO, hostile: str) -> None:
    structlog.get_logger().info("read", name=hostile, **{hostile: hostile})
    text = written.getvalue()
    assert text.count("\n") == 1
    assert all(" " <= character <= "~" for character in text.rstrip("\n"))
    assert line(written)["name"] == hostile


def test_a_megabyte_is_cut(written: io.StringIO) -> None:
    structlog.get_logger().info("read", name="x" * 1_000_000)
    assert len(written.getvalue()) < 5000
    assert "1000000 characters" in line(written)["name"]


def test_what_is_below_the_level_is_left_out(written: io.StringIO) -> None:
    structlog.get_logger().debug("detail")
    logging.getLogger("httpx").info("HTTP Request: GET https://example.com?code=1")
    assert written.getvalue() == ""


def test_only_debug_shows_addresses(written: io.StringIO, clock: SimulatedClock) -> None:
    configure_logs("DEBUG", clock, written)
    structlog.get_logger().debug("to", address=CANARIES[2], token=CANARIES[1])
    assert line(written)["address"] == CANARIES[2]
    assert line(written)["token"] == "***"
