"""`python app.py check`: a line for each question, how to mend what is wrong, and an exit code for scripts."""

from collections.abc import Iterator

import pytest

from tests.acceptance.driver import free_port
from tests.acceptance.town import Town, policy_text


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Slack is there, and no bot runs."""
    town = Town(tmp_path_factory.mktemp("quiet"))
    yield town
    town.slack.mend()
    town.close()
    assert town.faults() == []


def test_all_is_well(quiet: Town) -> None:
    code, lines = quiet.checks()

    assert code == 0, lines
    for line in (
        "ok    settings: complete, and the tokens are of the right kinds.",
        "ok    policy: ",
        "ok    database: ",
        "ok    Slack: connected to Northwind as escalator",
        "ok    clock: within 5 s of Slack's.",
        "ok    scopes: all ",
        "ok    Socket Mode: a connection would be opened.",
        "ok    tier L1: #support-l1 with the bot in it and 2 staff.",
        "ok    tier management: #it-managers with the bot in it and 1 staff.",
    ):
        assert any(each.startswith(line) for each in lines), line
    assert not [line for line in lines if line.startswith("fail")]
    assert not (quiet.folder / "escalator.db").exists()  # it looks, and leaves nothing behind


@pytest.mark.soak
def test_it_can_be_asked_while_the_bot_runs(calm: Town) -> None:
    code, lines = calm.checks()
    assert code == 0, lines
    assert "ok    database: in use by a bot that is running now." in lines


def test_missing_tokens(quiet: Town) -> None:
    code, lines = quiet.checks(SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="")
    assert code == 2
    assert [line[:37] for line in lines[:2]] == [
        "fail  settings: SLACK_BOT_TOKEN is mi",
        "fail  settings: SLACK_APP_TOKEN is mi",
    ]
    assert [line[:14] for line in lines[2:]] == ["ok    policy: ", "ok    database"]  # what needs no token


def test_tokens_of_the_wrong_kind(quiet: Town) -> None:
    code, lines = quiet.checks(SLACK_BOT_TOKEN="xapp-1-secret", SLACK_APP_TOKEN="xoxp-2-secret")
    assert code == 2
    assert "holds an app-level token" in lines[0]
    assert "a bot token is needed" in lines[0]
    assert "holds a user token" in lines[1]
    assert not [line for line in lines if "secret" in line]


def test_mistakes_in_the_policy_all_at_once(quiet: Town) -> None:
    good = policy_text()
    mistakes = (
        good.replace('channel = "support-l2"', 'chanel = "support-l2"')
        .replace('high = { high = "P1"', 'high = { high = "P0"')
        .replace('update = "1h"', 'update = "soon"', 1)
    )
    (quiet.folder / "mistakes.toml").write_text(mistakes, encoding="utf-8")

    code, lines = quiet.checks(POLICY_FILE="mistakes.toml")

    assert code == 2
    told = [line for line in lines if line.startswith("fail  policy: mistakes.toml:")]
    assert [line.split(": ", 2)[1].rpartition(":")[2].isdigit() for line in told] == [True, True, True]
    for line, words in zip(told, ('did you mean "channel"?', '"P0"', '"soon"'), strict=True):
        assert words in line


@pytest.mark.soak
def test_no_policy_at_all(quiet: Town) -> None:
    code, lines = quiet.checks(POLICY_FILE="nowhere.toml")
    assert code == 2
    assert "fail  policy: nowhere.toml: cannot be read: No such file or directory." in lines


def test_a_channel_the_bot_is_not_in(quiet: Town) -> None:
    emil = quiet.person("emil")
    emil.does("kick", channel="C0L3", member="U0BOT")
    try:
        code, lines = quiet.checks()
    finally:
        emil.does("invite", channel="C0L3", member="U0BOT")

    assert code == 1
    (line,) = [line for line in lines if line.startswith("fail")]
    assert line.startswith("fail  tier L3: the bot is in no channel #support-l3.  To mend it: ")
    assert "/invite @Escalator" in line


@pytest.mark.soak
def test_a_channel_that_is_archived_and_one_without_staff(town: Town) -> None:
    emil, fay = town.person("emil"), town.person("fay")
    emil.does("archive", channel="C0L3", archived=True)
    fay.does("leave", channel="C0MGMT")

    code, lines = town.checks()

    assert code == 1
    failed = [line for line in lines if line.startswith("fail")]
    assert failed[0].startswith("fail  tier L3: #support-l3 is archived.  To mend it: ")
    assert failed[1].startswith("fail  tier management: there is nobody in #it-managers but the bot.  To mend it: ")
    assert len(failed) == 2


@pytest.mark.soak
def test_a_token_that_slack_refuses(quiet: Town) -> None:
    quiet.slack.fault("error", "auth.test", error="token_revoked")
    code, lines = quiet.checks()
    assert code == 1
    assert "fail  Slack: auth.test failed: token_revoked.  To mend it: copy SLACK_BOT_TOKEN anew" in "\n".join(lines)


@pytest.mark.soak
def test_an_app_token_that_slack_refuses(quiet: Town) -> None:
    code, lines = quiet.checks(SLACK_APP_TOKEN="xapp-another-app")
    assert code == 1
    (line,) = [line for line in lines if line.startswith("fail")]
    assert line.startswith("fail  Socket Mode: a connection was refused: invalid_auth.  To mend it: ")


def test_slack_out_of_reach(quiet: Town) -> None:
    code, lines = quiet.checks(SLACK_API_URL=f"http://127.0.0.1:{free_port()}/api/")
    assert code == 1
    (line,) = [line for line in lines if line.startswith("fail")]
    assert line.startswith("fail  Slack: auth.test failed: ")
    assert "Connection refused" in line
    assert line.endswith("To mend it: check SLACK_API_URL, the network and any proxy.")


@pytest.mark.soak
def test_a_database_that_is_none(quiet: Town) -> None:
    (quiet.folder / "spoilt.db").write_bytes(b"not a database at all" * 100)
    code, lines = quiet.checks(DATABASE_URL=f"sqlite:///{quiet.folder / 'spoilt.db'}")
    assert code == 1
    (line,) = [line for line in lines if line.startswith("fail")]
    assert line.startswith("fail  database: Cannot open ")
