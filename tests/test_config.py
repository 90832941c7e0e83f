"""Settings: what is read from where, and what is said about a mistake."""

import io
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.config import ConfigError, Settings, load_settings

ROOT = Path(__file__).parents[1]
BOT = "xoxb-1-2-abcDEF"
APP = "xapp-1-A2-3-abcDEF"
TOKENS = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP}


def settings(**environ: str) -> Settings:
    return load_settings({**TOKENS, **environ}, None)


def lines(environ: dict[str, str], env_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refused:
        load_settings(environ, env_file)
    return refused.value.lines


def line(**environ: str) -> str:
    (only,) = lines({**TOKENS, **environ})
    return only


def test_two_tokens_are_enough() -> None:
    found = settings()
    assert found.slack_bot_token.get_secret_value() == BOT
    assert found.slack_app_token.get_secret_value() == APP
    assert found.slack_api_url == "https://slack.com/api/"
    assert found.database_url.get_secret_value() == "sqlite:///escalator.db"
    assert found.policy_file == Path("policy.toml")
    assert (found.log_level, found.log_format) == ("INFO", "text")
    assert (found.http_host, found.http_port) == ("127.0.0.1", None)


def test_every_setting_can_be_given() -> None:
    found = settings(
        SLACK_API_URL="http://127.0.0.1:8123/api",
        DATABASE_URL="sqlite:////var/lib/escalator.db",
        POLICY_FILE="/etc/policy.toml",
        LOG_LEVEL="debug",
        LOG_FORMAT="JSON",
        HTTP_HOST="0.0.0.0",
        HTTP_PORT="8080",
    )
    assert found.slack_api_url == "http://127.0.0.1:8123/api/"
    assert found.database_url.get_secret_value() == "sqlite:////var/lib/escalator.db"
    assert found.policy_file == Path("/etc/policy.toml")
    assert (found.log_level, found.log_format) == ("DEBUG", "json")
    assert (found.http_host, found.http_port) == ("0.0.0.0", 8080)


def test_settings_cannot_be_changed() -> None:
    found = settings()
    with pytest.raises(ValidationError):
        found.log_level = "DEBUG"


def test_the_process_environment_is_not_read_behind_the_callers_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT)
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    assert [each.split()[0] for each in lines({"SLACK_APP_TOKEN": APP})] == ["SLACK_BOT_TOKEN"]
    assert settings().log_level == "INFO"


def test_other_variables_are_none_of_our_business() -> None:
    assert settings(SLACK_CLIENT_ID="1.2", SLACK_SIGNING_SECRET="s", PATH="/bin", slack_bot_token="x") == settings()


def test_all_mistakes_are_told_at_once_one_line_each() -> None:
    found = lines(
        {
            "SLACK_BOT_TOKEN": APP,
            "SLACK_API_URL": "slack.com",
            "DATABASE_URL": "mysql://u:p@h/d",
            "LOG_LEVEL": "loud",
            "LOG_FORMAT": "xml",
            "HTTP_HOST": "http://h",
            "HTTP_PORT": "http",
        }
    )
    assert found == (
        (
            "SLACK_BOT_TOKEN holds an app-level token (xapp-...); a bot token is needed, which begins with xoxb-. "
            "In your Slack app's settings: OAuth & Permissions, Bot User OAuth Token."
        ),
        (
            "SLACK_APP_TOKEN is missing. "
            "In your Slack app's settings: Basic Information, App-Level Tokens, scope connections:write."
        ),
        'SLACK_API_URL is not an address such as "https://slack.com/api/".',
        'DATABASE_URL is neither "sqlite:///FILE" nor "postgresql://USER:PASSWORD@HOST/DATABASE".',
        "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.",
        'LOG_FORMAT must be "text" or "json".',
        'HTTP_HOST must be a host name or an address alone, such as "127.0.0.1".',
        "HTTP_PORT must be a number from 1 to 65535.",
    )


def test_swapped_tokens_are_two_lines_that_say_where_the_right_ones_are() -> None:
    bot, app = lines({"SLACK_BOT_TOKEN": APP, "SLACK_APP_TOKEN": BOT})
    assert "holds an app-level token" in bot
    assert "OAuth & Permissions" in bot
    assert "holds a bot token" in app
    assert "App-Level Tokens" in app


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("xoxp-1-abc", "holds a user token"),
        ("xoxe.xoxb-1-abc", "holds no Slack token"),
        ("hello", "holds no Slack token"),
        ("xoxb-", "is incomplete"),
        ("xoxb-your token", "is incomplete"),
        ("xoxb-...", "is incomplete"),
    ],
)
def test_a_token_of_another_kind_or_shape_is_refused(token: str, why: str) -> None:
    assert line(SLACK_BOT_TOKEN=token).startswith(f"SLACK_BOT_TOKEN {why}")


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_value_is_no_value(empty: str) -> None:
    assert line(SLACK_BOT_TOKEN=empty).startswith("SLACK_BOT_TOKEN is missing.")
    assert settings(LOG_LEVEL=empty, HTTP_PORT=empty) == settings()


def test_space_around_a_value_is_not_part_of_it() -> None:
    assert settings(SLACK_BOT_TOKEN=f" {BOT}\n") == settings()


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://slack.example/api", "https://slack.example/api/"),
        ("http://localhost:1/api/", "http://localhost:1/api/"),
        ("http://127.9.9.9/api//", "http://127.9.9.9/api/"),
        ("http://[::1]:80/api", "http://[::1]:80/api/"),
    ],
)
def test_an_api_address_ends_in_one_slash(url: str, kept: str) -> None:
    assert settings(SLACK_API_URL=url).slack_api_url == kept


@pytest.mark.parametrize("host", ["slack.com", "10.0.0.1", "localhost.evil.example", "[2001:db8::1]", "0.0.0.0"])
def test_tokens_do_not_travel_in_clear(host: str) -> None:
    assert line(SLACK_API_URL=f"http://{host}/api/") == (
        "SLACK_API_URL begins with http://, which sends the tokens in clear; only an address of this machine may."
    )


@pytest.mark.parametrize(
    "url",
    [
        "slack.com/api",
        "ftp://slack.com",
        "https://",
        "https://h:port/",
        "https://h:99999/",
        "https://[::1/",
        "https://a b/",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert line(SLACK_API_URL=url) == 'SLACK_API_URL is not an address such as "https://slack.com/api/".'


@pytest.mark.parametrize("url", ["https://u:secret@h/api", "https://h/api?x=secret", "https://h/api#secret"])
def test_an_api_address_is_nothing_but_an_address(url: str) -> None:
    assert line(SLACK_API_URL=url) == 'SLACK_API_URL must end after the path, without "?", "#" or a password.'


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_goes_by_its_usual_names(scheme: str) -> None:
    url = settings(DATABASE_URL=f"{scheme}://ann:p%40ss@db:5432/escalator?sslmode=require").database_url
    assert url.get_secret_value() == "postgresql+psycopg://ann:p%40ss@db:5432/escalator?sslmode=require"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("escalator.db", "is neither"),
        ("postgresql:ann@db/x", "is neither"),
        ("mysql://ann:secret@db/x", "is neither"),
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///?mode=rw", "names no file"),
        ("sqlite://escalator.db", "needs three slashes"),
        ("postgresql://ann:sec/ret#1@db:x5432/x", "is not a PostgreSQL address"),
    ],
)
def test_a_database_that_cannot_be_meant_is_refused(url: str, why: str) -> None:
    assert line(DATABASE_URL=url).startswith(f"DATABASE_URL {why}")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80.0", "1e3", "eighty", "٨٠"])
def test_a_port_is_a_port(port: str) -> None:
    assert line(HTTP_PORT=port) == "HTTP_PORT must be a number from 1 to 65535."


def test_secrets_are_not_printed() -> None:
    found = settings(DATABASE_URL="postgresql://ann:hunter2@db/x")
    for text in (repr(found), str(found), found.model_dump_json()):
        assert BOT not in text
        assert APP not in text
        assert "hunter2" not in text


def test_a_mistake_of_ours_in_making_settings_prints_no_secret_either() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(slack_bot_token=f"{APP}\n", log_level="INFO")  # type: ignore[arg-type, call-arg]
    assert APP not in str(refused.value)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name.upper(): st.sampled_from(["", "x", "http://", "postgresql://u:", "sqlite:", "xoxb-", "xapp-", "xoxp-"])
            for name in Settings.model_fields
        },
    )
)
def test_no_mistake_repeats_the_value_it_is_about(beginnings: dict[str, str]) -> None:
    """Whatever it is: somebody may have put a token or a password into the wrong variable."""
    secret = "Zq9Zq9"
    try:
        load_settings({name: f"{beginning}{secret}" for name, beginning in beginnings.items()}, None)
    except ConfigError as error:
        chain = [error, error.__cause__, None if error.__suppress_context__ else error.__context__]
        assert secret not in "".join(f"{each!r}{each}" for each in chain)


# --- .env ------------------------------------------------------------------------------------------------------------


def test_the_file_is_read_and_the_environment_goes_before_it(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(
        f"# mine\nexport SLACK_BOT_TOKEN='{BOT}'\nSLACK_APP_TOKEN = {APP} # app\nHTTP_PORT=80\n"
        "LOG_LEVEL=ERROR\nOTHER=1\n",
        encoding="utf-8",
    )
    found = load_settings({"LOG_LEVEL": "DEBUG", "HTTP_PORT": ""}, env_file)
    assert found.slack_app_token.get_secret_value() == APP
    assert (found.log_level, found.http_port) == ("DEBUG", 80)


def test_a_windows_editors_mark_at_the_beginning_does_no_harm(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes(f"\ufeffSLACK_BOT_TOKEN={BOT}\r\nSLACK_APP_TOKEN={APP}\r\n".encode())
    assert load_settings({}, env_file) == settings()


def test_a_password_with_a_dollar_sign_is_taken_as_it_is(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("DATABASE_URL=postgresql://ann:a${HOME}b@db/x\n", encoding="utf-8")
    assert "a${HOME}b" in load_settings(TOKENS, env_file).database_url.get_secret_value()


def test_no_file_is_no_mistake(tmp_path: Path) -> None:
    assert load_settings(TOKENS, tmp_path / ".env") == settings()


def test_a_broken_line_is_told_with_its_number_and_without_its_words(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"LOG_LEVEL=loud\nSLACK_BOT_TOKEN: {BOT}\n", encoding="utf-8")
    broken, level = lines({**TOKENS}, env_file)
    assert broken == ".env, line 2: not understood; write NAME=value."
    assert level == "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR."


def test_a_broken_line_alone_is_a_mistake_too(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("POLICY FILE=policy.toml\n", encoding="utf-8")
    assert lines({**TOKENS}, env_file) == (".env, line 1: not understood; write NAME=value.",)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"LOG_LEVEL=\xff\n")
    (tmp_path / "folder").mkdir()
    assert lines({**TOKENS}, tmp_path / "latin") == ("latin is not UTF-8 text.",)
    assert lines({**TOKENS}, tmp_path / "folder") == ("folder cannot be read: Is a directory.",)


# --- .env.example ----------------------------------------------------------------------------------------------------

EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def test_the_example_names_every_setting_with_its_default() -> None:
    given = dotenv_values(stream=io.StringIO(EXAMPLE))
    assert list(given) == [name.upper() for name in Settings.model_fields]
    without = settings()
    assert load_settings({**{name: value or "" for name, value in given.items()}, **TOKENS}, None) == without
    for name, value in given.items():
        default = Settings.model_fields[name.lower()].get_default()
        shown = default.get_secret_value() if hasattr(default, "get_secret_value") else default
        assert value == ("" if shown is None or name in TOKENS else str(shown)), name


def test_the_example_has_a_comment_for_each_setting() -> None:
    for name in Settings.model_fields:
        assert re.search(rf"^# [^\n]+\n{name.upper()}=", EXAMPLE, re.MULTILINE), name
