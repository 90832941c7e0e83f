"""What people do to the app: commands, clicks, forms, shortcuts, its Home; each one envelope, and what its ack does."""

import logging
import secrets
from typing import Any

from playground import answers, people, views
from playground.people import BOT_USER, Channel
from playground.refusal import Refused
from playground.socket_mode import NoAnswer
from playground.views import shown, state_of
from playground.webapi import WebApi
from playground.workspace import Json

log = logging.getLogger(__name__)

TEAM = {"id": people.TEAM_ID, "domain": people.TEAM_DOMAIN}
LEGACY_TOKEN = "playground"  # noqa: S105  the verification token nobody reads any more


class Interactions:
    def __init__(self, api: WebApi) -> None:
        self.api = api
        self.workspace = api.workspace
        self.views = api.views
        self.tickets = api.tickets
        self.socket_mode = api.socket_mode
        self.feed = api.workspace.feed
        self.manifest = api.manifest

    # --- slash commands and shortcuts

    async def command(self, user: str, channel: Channel, command: str, text: str) -> None:
        """Send a slash command; Refused with Slack's sentence when the app does not answer."""
        known = next((entry for entry in self.manifest.commands if entry.command == command), None)
        if known is None or not self.manifest.may_be_called:
            raise Refused("unknown_command", f"{command} is not a valid command.")
        payload: Json = {
            "token": LEGACY_TOKEN, "team_id": people.TEAM_ID, "team_domain": people.TEAM_DOMAIN,
            "channel_id": channel.id, "channel_name": _channel_name(channel), "user_id": user,
            "user_name": self.workspace.users[user].name, "command": command,
            "text": self.workspace.encode(text) if known.should_escape else text,
            "api_app_id": people.APP_ID, "is_enterprise_install": "false",
            "response_url": self.tickets.response_url("commands", user, channel),
            "trigger_id": self.tickets.trigger(user),
        }  # fmt: skip
        try:
            answer = await self.socket_mode.ask("slash_commands", command, payload)
        except NoAnswer as failure:
            raise self._failed(user, failure, f'{command} failed with the error "{failure.error}"') from failure
        if answer:
            self._apply(user, command, lambda: self.api.answer_command(user, channel, answer))

    async def shortcut(self, user: str, callback_id: str, channel: Channel | None, ts: str) -> None:
        """A global shortcut, or one on a message when `channel` and `ts` say which."""
        kind = "message" if channel else "global"
        known = [entry for entry in self.manifest.shortcuts if (entry.callback_id, entry.type) == (callback_id, kind)]
        if not known or not self.manifest.may_be_called:
            raise Refused("unknown_shortcut", "This app has no such shortcut.")
        payload: Json = self._base("shortcut", user) | {
            "callback_id": callback_id,
            "action_ts": self.workspace.new_ts(),
        }
        payload["trigger_id"] = self.tickets.trigger(user)
        if channel is not None:
            payload |= {
                "type": "message_action", "message_ts": ts,
                "message": _without_metadata(self.workspace.message(channel, ts)),
                "channel": {"id": channel.id, "name": _channel_name(channel)},
                "response_url": self.tickets.response_url("app", user, channel),
            }  # fmt: skip
        await self._ask(user, callback_id, payload, f"{known[0].name} did not work: the app did not answer in time.")

    # --- clicks and choices

    async def action(
        self, user: str, container: Json, block_id: str, action_id: str, *, given: Json, state: Json
    ) -> None:
        """A click or a choice on something the app drew; `given` holds the element's own value keys."""
        place, blocks, known_state = self._place(user, container, block_id)
        element = views.find_element(blocks, block_id, action_id)
        if element is None:
            raise Refused("unknown_action", "This button is no longer there.")
        if element["type"] == "workflow_button":
            return
        action = _action(element, block_id, given) | {"action_ts": self.workspace.new_ts()}
        if element["type"] == "overflow" and action["selected_option"] not in element["options"]:
            raise Refused("unknown_option", "This choice is no longer there.")
        values = views.merged(known_state, state)
        if element["type"] in views.VALUE_KEYS:
            values = views.merged(values, {block_id: {action_id: action}})
        if answers.strays(blocks, state_of(blocks, values), self._here(user)):
            raise Refused("unknown_option", "This choice is no longer there.")
        payload = self._base("block_actions", user) | place | {"actions": [action]}
        payload["trigger_id"] = self.tickets.trigger(user, str(container.get("view_id", "")))
        if "view" in payload:
            view = self.views.of_user(user, str(container["view_id"]))
            self.views.remember(view, values)
            self._store_files(user, view)
            payload["view"] = self._view(view)
        else:
            payload["state"] = {"values": state_of(blocks, values)}
            spot = place["container"]
            payload["response_url"] = self.tickets.response_url(
                "actions",
                user,
                self.workspace.channels[spot["channel_id"]],
                ts=spot["message_ts"],
                ephemeral=spot["is_ephemeral"],
            )
        await self._ask(user, action_id, payload, "This did not work: the app did not answer in time.")

    async def options(self, user: str, container: Json, block_id: str, action_id: str, value: str) -> Json:
        """What an external select offers for what was typed: {"options": ...} or {"option_groups": ...}."""
        place, blocks, _state = self._place(user, container, block_id)
        element = views.find_element(blocks, block_id, action_id)
        if element is None or element["type"] not in ("external_select", "multi_external_select"):
            raise Refused("unknown_action", "This menu is no longer there.")
        payload = self._base("block_suggestion", user) | place
        payload |= {"action_id": action_id, "block_id": block_id, "value": value}
        answer = await self._ask(user, action_id, payload, "The choices could not be loaded.", wants_payload=True)
        offered: Json = {}
        self._apply(user, action_id, lambda: offered.update(self.api.checked_options(answer)))
        return offered

    def _place(self, user: str, container: Json, block_id: str) -> tuple[Json, list[Json], Json]:
        """Where a block the app drew stands: payload keys, all blocks there, what is typed into them so far."""
        if container.get("type") == "view":
            view = self.views.of_user(user, str(container.get("view_id")))
            shown_in = {"container": {"type": "view", "view_id": view["id"]}, "view": self._view(view)}
            return shown_in, view["blocks"], view["state"]["values"]
        channel = self.workspace.channel_for(user, str(container.get("channel")))
        ts = str(container.get("ts"))
        ephemeral = container.get("type") == "ephemeral"
        place: Json = {"channel": {"id": channel.id, "name": _channel_name(channel)}}
        place["container"] = {"type": "message", "message_ts": ts, "channel_id": channel.id, "is_ephemeral": ephemeral}
        if ephemeral:
            message = self.workspace.ephemerals[user].get((channel.id, ts))
            if message is None:
                raise Refused("message_not_found", "This message is gone.")
        else:
            message = self.workspace.message(channel, ts)
            place["message"] = _without_metadata(message)
        if "thread_ts" in message:
            place["container"]["thread_ts"] = message["thread_ts"]
        blocks = list(message.get("blocks") or [])
        for number, attachment in enumerate(message.get("attachments") or [], start=1):
            attached = attachment.get("blocks") or []
            if any(block["block_id"] == block_id for block in views.walk(attached)):
                place["container"] |= {"type": "message_attachment", "attachment_id": number, "is_app_unfurl": False}
            blocks += attached
        return place, blocks, {}

    # --- forms

    async def submit(self, user: str, view_id: str, values: Json) -> None:
        view = self._form(user, view_id)
        blocks = view["blocks"]
        state = state_of(blocks, views.merged(view["state"]["values"], values))
        errors = answers.strays(blocks, state, self._here(user))
        if not errors:
            errors = answers.problems(blocks, state)
            self.views.remember(view, values if not errors else _without_files(values))
        if errors:
            raise Refused("missing_input", "Some fields still need an answer.", errors=errors)
        self._store_files(user, view)
        view.pop("errors", None)
        state = state_of(blocks, view["state"]["values"])
        payload = self._base("view_submission", user) | {"view": self._view(view), "response_urls": []}
        payload["trigger_id"] = self.tickets.trigger(user, view_id)
        for block_id, action_id, element in views.stateful(view["blocks"]):
            chosen = state[block_id][action_id]
            channel_id = chosen.get("selected_conversation") or chosen.get("selected_channel")
            if element.get("response_url_enabled") and channel_id:
                url = self.tickets.response_url("app", user, self.workspace.channel_for(user, channel_id))
                entry = {"block_id": block_id, "action_id": action_id, "channel_id": channel_id, "response_url": url}
                payload["response_urls"].append(entry)
        trouble = "We had some trouble connecting. Try again?"
        answer = await self._ask(user, view["callback_id"], payload, trouble, wants_payload=True)
        self._apply(user, view["callback_id"], lambda: self._after_submit(user, view, answer))

    def _after_submit(self, user: str, view: Json, answer: Any) -> None:
        match answer:
            case empty if not empty:
                self.views.close(user, view)
            case {"response_action": "clear"}:
                self.views.clear(user)
            case {"response_action": "errors", "errors": dict(errors)} if errors:
                inputs = {block["block_id"] for block in views.walk(view["blocks"]) if block["type"] == "input"}
                if strangers := set(errors) - inputs:
                    raise Refused("invalid_errors", f"No input block is called {', '.join(sorted(strangers))}.")
                if not all(isinstance(sentence, str) and sentence.strip() for sentence in errors.values()):
                    raise Refused("invalid_errors", "Each error is a sentence.")
                self.views.show_errors(user, view, errors)
            case {"response_action": "update", "view": dict(content)}:
                self.views.update(view["id"], "", self.api.checked_view(content, "modal"), "")
            case {"response_action": "push", "view": dict(content)}:
                self.views.push(user, self.api.checked_view(content, "modal"))
            case _:
                raise Refused("invalid_response_action", f"A form cannot be answered with {answer!r}.")

    async def close(self, user: str, view_id: str, *, everything: bool) -> None:
        """The person closes the topmost form, or all of them; the app hears of those that want to be told."""
        view = self._form(user, view_id)
        everything = everything or view["clear_on_close"]
        closing = list(reversed(self.views.stacks[user])) if everything else [view]
        if everything:
            self.views.clear(user)
        else:
            self.views.close(user, view)
        for closed in closing:
            if closed["notify_on_close"]:
                payload = self._base("view_closed", user) | {"is_cleared": everything}
                payload["view"] = shown(closed) | {"state": {"values": {}}}
                try:
                    await self.socket_mode.ask("interactive", closed["callback_id"], payload, wants_payload=False)
                except NoAnswer:
                    log.info("nobody heard that the form %s was closed", closed["id"])

    def _form(self, user: str, view_id: str) -> Json:
        view = self.views.of_user(user, view_id)
        if view["type"] != "modal":
            raise Refused("view_not_found", "This form is no longer open.")
        return view

    def _store_files(self, user: str, view: Json) -> None:
        """Files that came along with a form become files, shown as Slack shows them."""
        known = self.workspace.files
        for block_id, action_id, element in views.stateful(view["blocks"]):
            value = view["state"]["values"].get(block_id, {}).get(action_id, {})
            if element["type"] == "file_input" and value.get("files"):
                files = [
                    known[file["id"]] if "id" in file else self.workspace.add_file_base64(user, file)
                    for file in value["files"]
                ]
                value["files"] = [self.workspace.file_json(file) for file in files]

    def _here(self, user: str) -> answers.Here:
        visible = self.workspace.visible_channels(user)
        return answers.Here(
            users=frozenset(self.workspace.users),
            channels=frozenset(channel.id for channel in visible if not channel.is_im),
            conversations=frozenset(channel.id for channel in visible),
            files=frozenset(self.workspace.files),
        )

    # --- the app's own page

    def open_home(self, user: str, tab: str) -> None:
        if tab == "home" and not self.manifest.home_tab:
            raise Refused("not_enabled", "This app has no Home tab.")
        channel = self.workspace.open_im(user, BOT_USER)
        event: Json = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab}
        event["event_ts"] = self.workspace.new_ts()
        if tab == "home" and user in self.views.homes:
            event["view"] = self._view(self.views.homes[user])
        self.workspace.emit(event, None)

    # --- what several of them need

    def _base(self, kind: str, user: str) -> Json:
        name = self.workspace.users[user].name
        return {
            "type": kind, "api_app_id": people.APP_ID, "token": LEGACY_TOKEN, "team": TEAM, "enterprise": None,
            "is_enterprise_install": False,
            "user": {"id": user, "username": name, "name": name, "team_id": people.TEAM_ID},
        }  # fmt: skip

    def _view(self, view: Json) -> Json:
        return shown(view) | {"state": {"values": state_of(view["blocks"], view["state"]["values"])}}

    async def _ask(self, user: str, name: str, payload: Json, trouble: str, *, wants_payload: bool = False) -> Any:
        if not self.manifest.interactive:
            raise Refused("not_interactive", "Interactivity is switched off in the app's manifest.")
        try:
            return await self.socket_mode.ask("interactive", name, payload, wants_payload=wants_payload)
        except NoAnswer as failure:
            raise self._failed(user, failure, trouble) from failure

    def _failed(self, user: str, failure: NoAnswer, sentence: str) -> Refused:
        self.feed.tell(user, {"type": "notice", "level": "error", "text": sentence})
        return Refused(failure.error, sentence)

    def _apply(self, user: str, name: str, answer: Any) -> None:
        """Do what an ack asks for; one that Slack would not accept becomes the error its person sees."""
        try:
            answer()
        except Refused as refusal:
            details = refusal.extra.get("response_metadata", {}).get("messages", [])
            log.warning("the ack of %s was refused: %s %s %s", name, refusal.error, refusal.message, details)
            sentence = f'{name} failed with the error "{refusal.error}"'
            self.feed.tell(user, {"type": "notice", "level": "error", "text": sentence})
            raise Refused(refusal.error, sentence, **refusal.extra) from refusal


def _without_metadata(message: Json) -> Json:
    """A message as interactions carry it."""
    return {key: value for key, value in message.items() if key != "metadata"}


def _without_files(values: Json) -> Json:
    return {
        block_id: {action_id: value for action_id, value in actions.items() if "files" not in value}
        for block_id, actions in values.items()
    }


def _channel_name(channel: Channel) -> str:
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def _action(element: Json, block_id: str, given: Json) -> Json:
    """`actions[0]` of the payload: the element as the app drew it, with what the person chose."""
    kind = element["type"]
    action: Json = {"type": kind, "action_id": element["action_id"], "block_id": block_id}
    if kind in views.VALUE_KEYS or kind == "overflow":
        value_key = "selected_option" if kind == "overflow" else views.VALUE_KEYS[kind][0]
        return action | {value_key: views.as_offered(element, given.get(value_key))}
    for key in ("text", "value", "url", "style", "confirm", "icon"):
        if key in element:
            action[key] = element[key]
    if kind == "feedback_buttons":
        action["value"] = given.get("value")
    return action


def event_envelope(event: Json, now: float) -> Json:
    """An event as Socket Mode carries it; `now` in epoch seconds."""
    authorization = {"enterprise_id": None, "team_id": people.TEAM_ID, "user_id": BOT_USER, "is_bot": True}
    return {
        "token": LEGACY_TOKEN, "team_id": people.TEAM_ID, "context_team_id": people.TEAM_ID,
        "context_enterprise_id": None, "api_app_id": people.APP_ID, "event": event, "type": "event_callback",
        "event_id": f"Ev0{secrets.token_hex(5).upper()}", "event_time": int(now),
        "authorizations": [authorization | {"is_enterprise_install": False}], "is_ext_shared_channel": False,
    }  # fmt: skip
