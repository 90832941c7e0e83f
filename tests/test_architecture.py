"""The arrows between the packages, and who may talk to Slack; so that plain `pytest` tells the truth about them."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from slack_sdk import WebClient

ROOT = Path(__file__).parent.parent
PRODUCT = ["bot", "handlers", "storage"]
SOURCES = sorted(path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py"))
PLAYGROUND = sorted((ROOT / "playground").rglob("*.py"))
MAY_CALL_SLACK = {"bot/slack/gateway.py", "bot/services/checkup.py"}

# Methods of the Web API by the names slack_sdk gives them: chat_postMessage, views_open, ...
WEB_API = {
    name
    for name in dir(WebClient)
    if name.partition("_")[0] in {"chat", "views", "conversations", "users", "reactions", "files", "usergroups", "pins"}
}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def attributes(path: Path) -> set[str]:
    return {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def who_imports(package: str, among: Iterable[Path]) -> list[str]:
    """Files that do, e.g. ["handlers/forms.py"]."""
    return [
        name_of(path)
        for path in among
        if any(name == package or name.startswith(f"{package}.") for name in imported(path))
    ]


def test_the_contracts_of_import_linter_are_kept() -> None:
    lint = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]
    done = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_there_is_something_to_look_at() -> None:
    """Otherwise the next tests would pass whatever happens."""
    assert len(SOURCES) > 30
    assert who_imports("bot", SOURCES)
    assert {"chat_postMessage", "chat_update", "views_open", "reactions_add", "conversations_history"} <= WEB_API


def test_nobody_imports_the_composition_root() -> None:
    assert not who_imports("app", [*SOURCES, *PLAYGROUND])


def test_the_bot_knows_nothing_of_the_playground_nor_of_the_tests() -> None:
    assert not who_imports("playground", [*SOURCES, ROOT / "app.py"])
    assert not who_imports("tests", [*SOURCES, ROOT / "app.py"])


def test_the_playground_knows_nothing_of_the_bot() -> None:
    assert not [each for package in PRODUCT for each in who_imports(package, PLAYGROUND)]


def test_only_the_gateway_calls_slack() -> None:
    others = [path for path in [*SOURCES, ROOT / "app.py"] if name_of(path) not in MAY_CALL_SLACK]
    assert not {(name_of(path), each) for path in others for each in attributes(path) & WEB_API}


def test_a_listener_tells_nobody_anything_by_itself() -> None:
    """Bolt's `say` and `respond` would pass by the outbox."""
    for path in (ROOT / "handlers").glob("*.py"):
        functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.Lambda)]
        arguments = {each.arg for function in functions for each in (*function.args.args, *function.args.kwonlyargs)}
        assert not arguments & {"say", "respond", "client"}, name_of(path)


def test_the_rules_ask_no_clock() -> None:
    asking = {"now", "utcnow", "today", "monotonic", "sleep"}
    assert not {name_of(path) for path in (ROOT / "bot" / "domain").glob("*.py") if attributes(path) & asking}
