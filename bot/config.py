"""The settings: read once from the environment and `.env`, and every mistake in them told at once."""

import io
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LogFormat = Literal["text", "json"]

_WHERE_BOT_TOKEN = "In your Slack app's settings: OAuth & Permissions, Bot User OAuth Token."  # noqa: S105
_WHERE_APP_TOKEN = "In your Slack app's settings: Basic Information, App-Level Tokens, scope connections:write."  # noqa: S105
_WHERE = {"SLACK_BOT_TOKEN": _WHERE_BOT_TOKEN, "SLACK_APP_TOKEN": _WHERE_APP_TOKEN}
_KINDS = {"xoxb": "a bot token", "xapp": "an app-level token", "xoxp": "a user token", "xoxe": "a rotating token"}


class ConfigError(Exception):
    """The bot cannot start with these settings. `lines`: one sentence per mistake, none of which holds a value."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


# A message never repeats the value it is about: whatever stands in the wrong variable may be a secret.


def _token(prefix: str, where: str) -> Any:
    def check(token: SecretStr) -> SecretStr:
        value = token.get_secret_value()
        kind = value.partition("-")[0]
        if kind != prefix:
            given = f"holds {_KINDS[kind]} ({kind}-...)" if kind in _KINDS else "holds no Slack token"
            raise ValueError(f"{given}; {_KINDS[prefix]} is needed, which begins with {prefix}-. {where}")
        if not re.fullmatch(r"[A-Za-z]+-[A-Za-z0-9-]*[A-Za-z0-9]", value):
            raise ValueError(f"is incomplete or has a stray character in it; copy the whole token again. {where}")
        return token

    return AfterValidator(check)


def _api_url(value: str) -> str:
    """With one slash at its end, as slack_sdk wants it."""
    problem = 'is not an address such as "https://slack.com/api/"'
    try:
        url = urlsplit(value)
        _ = url.port  # raises for one that is no port
    except ValueError:
        raise ValueError(problem) from None
    if url.scheme not in ("http", "https") or not url.hostname or re.search(r"\s", value):
        raise ValueError(problem)
    if url.username is not None or url.query or url.fragment:
        raise ValueError('must end after the path, without "?", "#" or a password')
    if url.scheme == "http" and not _is_loopback(url.hostname):
        raise ValueError("begins with http://, which sends the tokens in clear; only an address of this machine may")
    return value.rstrip("/") + "/"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _database_url(url: SecretStr) -> SecretStr:
    """A PostgreSQL address names its driver afterwards."""
    value = url.get_secret_value()
    scheme, separator, rest = value.partition("://")
    if separator and scheme == "sqlite":
        path = rest.partition("?")[0]
        if path in ("", "/", "/:memory:"):
            raise ValueError('names no file, so everything would be lost at the end; write "sqlite:///escalator.db"')
        if not path.startswith("/"):
            raise ValueError('needs three slashes before a path: "sqlite:///escalator.db" (four if it begins with "/")')
        return url
    if separator and scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        try:
            _ = urlsplit(value).port
        except ValueError:
            raise ValueError(
                "is not a PostgreSQL address: its host or port is malformed. "
                "A password with special characters must be percent-encoded"
            ) from None
        return SecretStr(f"postgresql+psycopg://{rest}")
    raise ValueError('is neither "sqlite:///FILE" nor "postgresql://USER:PASSWORD@HOST/DATABASE"')


def _log_level(value: str) -> str:
    if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return value.upper()


def _log_format(value: str) -> str:
    if value.lower() not in ("text", "json"):
        raise ValueError('must be "text" or "json"')
    return value.lower()


def _host(value: str) -> str:
    if not re.fullmatch(r"[\w.:-]+", value, re.ASCII) or "//" in value:
        raise ValueError('must be a host name or an address alone, such as "127.0.0.1"')
    return value


def _port(value: str | int) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", str(value)) or not 1 <= int(value) <= 65535:  # noqa: PLR2004 - what TCP has
        raise ValueError("must be a number from 1 to 65535")
    return int(value)


class Settings(BaseSettings):
    """Every setting has its field's name in capitals. `.env.example` says what each is for."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=False)

    slack_bot_token: Annotated[SecretStr, _token("xoxb", _WHERE_BOT_TOKEN)]
    slack_app_token: Annotated[SecretStr, _token("xapp", _WHERE_APP_TOKEN)]
    slack_api_url: Annotated[str, AfterValidator(_api_url)] = "https://slack.com/api/"
    database_url: Annotated[SecretStr, AfterValidator(_database_url)] = SecretStr("sqlite:///escalator.db")
    policy_file: Path = Path("policy.toml")
    log_level: Annotated[LogLevel, BeforeValidator(_log_level)] = "INFO"
    log_format: Annotated[LogFormat, BeforeValidator(_log_format)] = "text"
    http_host: Annotated[str, AfterValidator(_host)] = "127.0.0.1"
    http_port: Annotated[int | None, BeforeValidator(_port)] = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What `load_settings` was given, and nothing read from the process behind its back."""
        return (init_settings,)


def load_settings(environ: Mapping[str, str], env_file: Path | None) -> Settings:
    """The environment first, then the file if there is one; an empty value is no value. Raises ConfigError."""
    found, problems = _read(env_file) if env_file else ({}, [])
    given = {
        field: value
        for field in Settings.model_fields
        if (value := environ.get(field.upper(), "").strip() or found.get(field.upper(), "").strip())
    }
    try:
        settings = Settings(**given)  # type: ignore[arg-type]  # text, for the fields to read
    except ValidationError as error:
        raise ConfigError((*problems, *_lines(error))) from None
    if problems:
        raise ConfigError(tuple(problems))
    return settings


def look_past_tokens(environ: Mapping[str, str], env_file: Path | None) -> Settings | None:
    """As if both tokens were there, for what needs none; None if something else is wrong, too."""
    tokens = {"SLACK_BOT_TOKEN": "xoxb-none", "SLACK_APP_TOKEN": "xapp-none"}
    try:
        return load_settings({**environ, **tokens}, env_file)
    except ConfigError:
        return None


def _read(path: Path) -> tuple[dict[str, str], list[str]]:
    """What a `.env` file says, and what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}, []
    except UnicodeDecodeError:
        return {}, [f"{path.name} is not UTF-8 text."]
    except OSError as error:
        return {}, [f"{path.name} cannot be read: {error.strerror}."]
    statements = list(parse_stream(io.StringIO(text)))
    problems = [
        f"{path.name}, line {statement.original.line}: not understood; write NAME=value."
        for statement in statements
        if statement.error
    ]
    return {each.key: each.value or "" for each in statements if each.key}, problems


def _lines(error: ValidationError) -> Iterator[str]:
    for mistake in error.errors():
        name = str(mistake["loc"][0]).upper()
        if mistake["type"] == "missing":
            yield f"{name} is missing. {_WHERE[name]}"
        else:
            yield f"{name} {str(mistake['ctx']['error']).rstrip('.')}."
