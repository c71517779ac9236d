"""No password, token or user of an address in any message, however the driver repeats it: made addresses."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evalkit.sources.tables.connections import Address
from evalkit.sources.tables.faults import refusal

TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], exclude_characters="*"),
               min_size=5, max_size=16)  # fmt: skip
OPTIONS = ("password", "sslpassword", "AccessToken", "access_token", "PWD", "passfile", "Authentication", "api_key",
           "clientSecret", "unheard_of")  # fmt: skip
ENGINES = ("postgresql", "postgres", "mssql", "duckdb", "spark")
SAID = (
    "{}", "bad value {}", 'invalid value "{}" for option', "DRIVER={{x}};PWD={};Encrypt=yes", "PWD={{{}}};UID=x",
    "password='{}' host=h", "at postgresql://u:{}@h/db", '{{"token": "{}"}}', "[{}]", "x{}x", "(08001) {} (0)",
)  # fmt: skip
"""What drivers say; the secret is put in, in one of the forms below."""
FORMS = (
    str, lambda text: quote(text, safe=""), quote, quote_plus, lambda text: repr(text)[1:-1],
    lambda text: json.dumps(text)[1:-1], lambda text: text.replace("}", "}}"),
    lambda text: text.replace("\\", "\\\\").replace("'", "\\'"),
    lambda text: quote(text, safe="").replace("%2F", "%2f").replace("%3A", "%3a"),
)  # fmt: skip


def holds(message: str, secret: str) -> bool:
    """Say whether a secret can be read from a message in one of its forms."""
    return any(form(secret) in message for form in FORMS) or secret in unquote(message)


@settings(deadline=None)  # a machine that does much else is slow
@given(st.sampled_from(ENGINES), TEXT, TEXT, st.sampled_from(OPTIONS), st.sampled_from(SAID), st.sampled_from(FORMS))
def test_no_secret_of_an_address_is_shown(engine, password, option_value, option, said, form) -> None:  # type: ignore[no-untyped-def]
    address = Address("crime", f"{engine}://reader:{quote(password, safe='')}@db.example.org:5432/records"
                               f"?sslmode=require&{option}={quote_plus(option_value)}")  # fmt: skip
    for secret in (password, option_value):
        assume(not holds(said.format("").casefold(), secret.casefold()))
        shown = address.hide(said.format(form(secret)))
        assert not holds(shown, secret), shown
    assert address.text not in address.hide(f"cannot open {address.text} now")


@settings(deadline=None)  # a machine that does much else is slow
@given(st.sampled_from(ENGINES[:3]), TEXT.filter(lambda text: "%" not in text), st.sampled_from(SAID))
def test_a_password_that_was_written_without_codes_is_hidden_too(engine: str, password: str, said: str) -> None:
    address = Address("crime", f"{engine}://reader:{password}@db.example.org/records")
    assume(not holds(said.format(""), password))
    assert not holds(address.hide(said.format(password)), password)
    assert not holds(address.hide(f"cannot open {address.text}"), password)


@pytest.mark.parametrize(("message", "shown"), [
    ("connection ?password=s3cret failed", "connection ?password=*** failed"),
    ('token "s3cret" at 3', 'token "s3cret" at 3'),
    ("sslpassword=s3cret sslmode=require", "sslpassword=*** sslmode=require"),
    ("Server=h;AccessToken=s3cret;Encrypt=yes", "Server=h;AccessToken=***;Encrypt=yes"),
    ("PWD={p@ss word;x};Encrypt=yes", "PWD=***;Encrypt=yes"), ("PWD={a}}b;c};UID=x", "PWD=***;UID=x"),
    ("PWD={cut off here", "PWD=***"), ("Password=two words;Server=h", "Password=***;Server=h"),
    ("password='a \\' b' host=h", "password=*** host=h"), ('{"token": "a b", "n": 1}', '{"token": ***, "n": 1}'),
    ('password authentication failed for user "x"', 'password authentication failed for user "x"'),
    ("no password supplied", "no password supplied"),
])  # fmt: skip
def test_what_a_message_calls_a_password_is_hidden_whosever_it_is(message: str, shown: str) -> None:
    assert Address("crime", "postgresql://db.example.org/records").hide(message) == shown


def test_a_secret_among_the_options_is_hidden_where_it_stands_bare() -> None:
    address = Address("crime", "postgresql://db.example.org/records?password=s3cret&sslmode=require")
    assert address.hide('token "s3cret"; sslmode require') == 'token "***"; sslmode require'
    told = Address("crime", "mssql://h/db?odbc_connect=DRIVER%3D%7Bx%7D%3BUID%3Dann%3BPWD%3D%7Bp+w%7D%7D%3Bz%7D")
    assert told.hide("bare p w};z of ann, as p w}};z") == "bare *** of ***, as ***"


def test_codes_in_small_and_capital_letters_are_hidden_however_mixed() -> None:
    address = Address("crime", "postgresql://reader:000%3A%3B@db.example.org/records")
    for said in ("000:;", "000%3A%3B", "000%3a%3b", "000%3a%3B", "000%3A%3b"):
        assert address.hide(f"bad {said} now") == "bad *** now"


def test_pieces_that_a_driver_takes_for_a_port_are_hidden() -> None:
    address = Address("crime", "postgresql://reader:12/34@db.example.org/records")
    assert address.hide('invalid integer value "12/34"; port 12 of "reader"') == (
        'invalid integer value "***"; port *** of "***"')  # fmt: skip


def test_what_is_no_secret_stays_readable() -> None:
    address = Address("crime", "mssql://sa:s3cret@db.example.org:1433/records?driver=FreeTDS&Encrypt=yes&MARS=yes")
    message = "Can't open lib FreeTDS: no message from db.example.org:1433, yes, for user sa"
    assert address.hide(message) == message.replace("user sa", "user ***")


def test_spark_of_this_machine_has_nobody_in_it() -> None:
    assert Address("here", "spark://local[2]").hide("spark://local[2] is busy") == "spark://local[2] is busy"
    assert "t0ken" not in Address("far", "spark://h:15002/;token=t0ken;use_ssl=true").hide("bad t0ken, t0ken")


def test_the_refusal_that_is_printed_hides_it() -> None:
    address = Address("crime", "postgresql://db.example.org/records?AccessToken=s3cret")
    error = ValueError("could not connect: s3cret in postgresql://db.example.org/records?AccessToken=s3cret")
    assert "s3cret" not in str(refusal(error, "rows", address))
