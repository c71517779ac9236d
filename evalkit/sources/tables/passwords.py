"""What in the address of a database nobody may see, and a message without it.

A driver may repeat an address whole, in parts, decoded, or rewritten in another form (ODBC, libpq, JSON). So each
secret is looked for as it stands in the address and in every form in which it could be repeated; whatever a message
itself calls a password or a token is hidden too, also when it is in no address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

HIDDEN = "***"

_CALLED = r"pass(?:word|wd|phrase|code)?|pwd|secret|token|credential|api[_ -]?key|access[_ -]?key|signature|\bsas\b"
_SAYS_SECRET = re.compile(rf"(?:{_CALLED})|user|\buid\b|login|account|auth", re.IGNORECASE)
"""Names of options whose value is hidden whatever it is."""
_PLAIN = frozenset((
    "driver", "server", "host", "hostaddr", "port", "database", "dbname", "schema", "search_path", "encrypt",
    "encoding", "trustservercertificate", "sslmode", "sslrootcert", "connect_timeout", "timeout", "logintimeout",
    "application_name", "applicationintent", "app", "charset", "client_encoding", "target_session_attrs",
    "access_mode", "read_only",
))  # fmt: skip
"""Names of options whose value may be shown."""
_WORD = re.compile(r"yes|no|true|false|on|off|sspi|[0-9]{1,5}", re.IGNORECASE)
"""Values that are no secret under a name that does not say so; hidden, they would tear holes into every message."""

_LETTER = re.compile("[A-Fa-f]")
_VALUE = r"""\{(?:[^}]|\}\})*\}? | '(?:[^'\\]|\\.|'')*'? | "(?:[^"\\]|\\.|"")*"? | [^\s;&]*(?:[^;&\n]*(?=;))?"""
_NAMED = re.compile(rf"""([\w-]*(?:{_CALLED})[\w-]*["']?\s*=\s*)(?:{_VALUE})""", re.IGNORECASE | re.VERBOSE | re.DOTALL)
_TOLD = re.compile(rf"""([\w-]*(?:{_CALLED})[\w-]*["']?\s*:\s*)(?:"(?:[^"\\]|\\.)*"? | '(?:[^'\\]|\\.)*'? | \S+)""",
                   re.IGNORECASE | re.VERBOSE)  # fmt: skip


def without_secrets(message: str, address: str, *, whole: bool = True) -> str:
    """Return a message without what nobody may see of an address.

    Parameters
    ----------
    message : str
        What a database or its driver said.
    address : str
        Where the database is, `ENGINE://USER:PASSWORD@HOST/DATABASE?OPTION=VALUE`.
    whole : bool
        Hide the address itself as well.
    """
    rest = address.partition("://")[2] or address.partition(":")[2]
    users, secrets = _of_login(rest)
    for name, value in _options(rest):
        (users if _is_user(name) else secrets).update(_values(name, value))
    if whole:
        secrets |= {address, rest, re.split(r"[/?#]", rest, maxsplit=1)[0]}
    forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
    names = sorted({form for user in users for form in _forms(user)}, key=len, reverse=True)
    if forms:
        message = re.sub("|".join(map(_as_written, forms)), HIDDEN, message)
    if names:  # a name as short as `sa` is hidden where it stands alone, not within every word
        message = re.sub(rf"(?<!\w)(?:{'|'.join(map(_as_written, names))})(?!\w)", HIDDEN, message)
    return _TOLD.sub(rf"\1{HIDDEN}", _NAMED.sub(rf"\1{HIDDEN}", message))


def _of_login(rest: str) -> tuple[set[str], set[str]]:
    """Return names and passwords that may stand before a host.

    A password that holds / ? # @ should have been written in %-codes. Where it was not, it is read in each way in which
    a driver might, and its pieces are hidden too, which a driver may take for a port or a database.
    """
    users: set[str] = set()
    secrets: set[str] = set()
    ends = [match.start() for match in re.finditer("@", rest)]
    for end in ends:
        user, _, password = rest[:end].partition(":")
        users.add(user)
        secrets.add(password)
    before_options = [end for end in ends if end < rest.find("?")] if "?" in rest else ends
    if ends:
        last = (before_options or ends)[-1]
        secrets.update(re.split(r"[/?#@]", rest[:last].partition(":")[2]))
    return users, secrets


def _options(rest: str) -> Iterator[tuple[str, str]]:
    """Return each `NAME=VALUE` of an address, also those within an option that is itself such a text."""
    _, _, options = rest.partition("?") if "?" in rest else rest.partition(";")
    for text in (options, options.partition("#")[0]):
        for part in re.split("[&;]", text):
            name, equals, value = part.partition("=")
            if equals:
                yield unquote_plus(name), value
                yield from _odbc(unquote_plus(value))


def _odbc(text: str) -> Iterator[tuple[str, str]]:
    """Return each `NAME=VALUE` of an ODBC text, in which a value in braces may hold anything."""
    for match in re.finditer(r"([\w ]+)=(\{(?:[^}]|\}\})*\}|[^;]*)", text):
        name, value = match[1].strip(), match[2]
        yield name, value[1:-1].replace("}}", "}") if value.startswith("{") else value


def _is_user(name: str) -> bool:
    return name.casefold() in ("user", "uid", "user id", "username", "user_id", "login")


def _values(name: str, value: str) -> Iterable[str]:
    """Return the value of an option when nobody may see it."""
    says_so = _SAYS_SECRET.search(name) is not None
    shown = not says_so and (name.casefold().replace(" ", "") in _PLAIN or _WORD.fullmatch(value) is not None)
    return () if shown else (value,)


def _forms(secret: str) -> set[str]:
    """Return a secret in each form in which a message may repeat it."""
    found = {secret}
    for plain in (secret, unquote(secret), unquote_plus(secret)):
        coded = {plain, quote(plain, safe=""), quote(plain), quote_plus(plain), repr(plain)[1:-1],
                 json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1], plain.replace("}", "}}"),
                 plain.replace("\\", "\\\\").replace("'", "\\'"), plain.replace("'", "''")}  # fmt: skip
        found |= coded
    return found - {""}


def _as_written(form: str) -> str:
    """Return a pattern of a form in which the letters of each %-code may be small or capital, one by one."""
    return re.sub("%[0-9A-Fa-f]{2}", lambda code: _LETTER.sub(_either, code[0]), re.escape(form))


def _either(letter: re.Match[str]) -> str:
    return f"[{letter[0].lower()}{letter[0].upper()}]"
