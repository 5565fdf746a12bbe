"""Environment readers: each wrong value becomes one plain sentence, and no reader stops the others."""

from __future__ import annotations

import pytest

from config.env import REFUSED, Environment


def read(**values: str) -> Environment:
    return Environment(values)


def test_a_missing_value_is_named_with_its_reason() -> None:
    env = read()
    assert env.text("SECRET_KEY", why="50 random characters") == ""
    assert env.problems == ["SECRET_KEY is not set: 50 random characters."]


def test_blank_counts_as_missing_and_a_default_fills_it() -> None:
    env = read(NAME="  ")
    assert env.text("NAME", default="x") == "x"
    assert env.problems == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("YES", True), ("on", True), ("0", False), ("false", False), ("", False)],
)
def test_flags(value: str, expected: bool) -> None:
    env = read(DEBUG=value)
    assert env.flag("DEBUG", default=not expected) is expected
    assert env.problems == []


def test_a_flag_that_is_neither() -> None:
    env = read(DEBUG="maybe")
    assert env.flag("DEBUG", default=True) is False
    assert env.problems == ["DEBUG must be 1 or 0, not 'maybe'."]


@pytest.mark.parametrize("value", ["0", "65536", "-1", "8o", "1.5", "٣", "1e3"])
def test_a_number_out_of_range_or_no_number(value: str) -> None:
    env = read(PORT=value)
    assert env.integer("PORT", default=8000, low=1, high=65535) == 8000
    assert env.problems == [f"PORT must be a whole number from 1 to 65535, not {value!r}."]


def test_a_list_drops_blanks() -> None:
    assert read(HOSTS=" a , ,b,").listing("HOSTS") == ["a", "b"]


@pytest.mark.parametrize(
    "value",
    [
        "pathway.example",
        "ftp://pathway.example",
        "https://",
        "https://x.example/path",
        "https://x.example?a=1",
    ],
)
def test_an_address_that_is_none(value: str) -> None:
    env = read(SITE_URL=value)
    env.address("SITE_URL")
    assert env.problems == ["SITE_URL must be an address like https://pathway.example.org, without a path."]


def test_an_address_loses_its_trailing_slash() -> None:
    env = read(SITE_URL="https://pathway.example/")
    assert env.address("SITE_URL") == "https://pathway.example"
    assert env.problems == []


def test_a_database_behind_a_socket() -> None:
    env = read(DATABASE_URL="postgresql://pathway@%2Frun%2Fpost%20gres/pathway")
    parsed = env.database("DATABASE_URL")
    assert (parsed["HOST"], parsed["USER"], parsed["NAME"]) == ("/run/post gres", "pathway", "pathway")
    assert env.problems == []


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            "mysql://u:p@h/n",
            "DATABASE_URL must start with postgresql://, the only database that Pathway runs on.",
        ),
        (
            "postgresql://u:p@h:port/n",
            "DATABASE_URL cannot be read as postgresql://user:password@host:5432/name.",
        ),
        (
            "postgresql://u:p@[h/n",
            "DATABASE_URL cannot be read as postgresql://user:password@host:5432/name.",
        ),
        ("postgresql://u:p@h/", "DATABASE_URL names no database: add /pathway at its end."),
    ],
)
def test_a_database_address_that_cannot_work(value: str, sentence: str) -> None:
    env = read(DATABASE_URL=value)
    env.database("DATABASE_URL")
    assert env.problems == [sentence]


@pytest.mark.parametrize("value", ["redis://h:6379/0", "rediss://h/1", "unix:///run/valkey.sock?db=0"])
def test_a_broker_address(value: str) -> None:
    env = read(REDIS_URL=value)
    assert env.redis("REDIS_URL") == value
    assert env.problems == []


@pytest.mark.parametrize("value", ["localhost:6379", "amqp://h", "redis://", "unix://", "redis://[h"])
def test_a_broker_address_that_is_none(value: str) -> None:
    env = read(REDIS_URL=value)
    env.redis("REDIS_URL")
    assert len(env.problems) == 1
    assert env.problems[0].startswith("REDIS_URL must look like redis://host:6379/0")


def test_mail_with_tls_and_an_escaped_password() -> None:
    env = read(EMAIL_URL="smtp+tls://pathway:p%40ss@mail.example:587")
    parsed = env.email("EMAIL_URL")
    assert (parsed["EMAIL_HOST"], parsed["EMAIL_PORT"], parsed["EMAIL_HOST_PASSWORD"]) == (
        "mail.example",
        587,
        "p@ss",
    )
    assert parsed["EMAIL_USE_TLS"] is True


@pytest.mark.parametrize("value", ["mail.example", "imap://mail.example", "smtp://mail.example:port"])
def test_mail_addresses_that_are_none(value: str) -> None:
    env = read(EMAIL_URL=value)
    assert env.email("EMAIL_URL") == {}
    assert env.problems == ["EMAIL_URL must look like smtp+tls://user:password@mail.example.org:587."]


def test_problems_end_the_process_together_without_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    env = read(DATABASE_URL="mysql://user:hunter2@h/n")
    env.database("DATABASE_URL")
    env.text("SECRET_KEY")
    with pytest.raises(SystemExit) as ended:
        env.refuse_problems()
    assert ended.value.code == REFUSED
    printed = capsys.readouterr().err
    assert "DATABASE_URL must start" in printed
    assert "SECRET_KEY is not set" in printed
    assert "hunter2" not in printed


def test_without_problems_nothing_happens() -> None:
    read().refuse_problems()
