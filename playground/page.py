"""The page's side of the server: what it reads, the live feed, and what a person does in it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from playground import people
from playground.interaction import Interactions
from playground.people import BOT_USER, Channel
from playground.refusal import Refused
from playground.strict_json import parse_json
from playground.workspace import Json, Workspace

Action = Callable[[str, Json], Awaitable[Json]]


class Body(Json):
    """What the page sent; a key that is needed and not there is refused."""

    def __missing__(self, key: str) -> None:
        raise Refused("bad_request", f"{key} is missing.")


class Page:
    def __init__(self, workspace: Workspace, interactions: Interactions) -> None:
        self.workspace = workspace
        self.interactions = interactions
        self.feed = workspace.feed
        self.manifest = interactions.manifest
        self.actions: dict[str, Action] = {
            "message": self.message, "edit": self.edit, "delete": self.delete, "react": self.react,
            "command": self.command, "action": self.action, "submit": self.submit, "close": self.close,
            "options": self.options, "shortcut": self.shortcut, "home": self.home, "read": self.read,
            "join": self.join, "leave": self.leave, "invite": self.invite, "kick": self.kick, "archive": self.archive,
        }  # fmt: skip

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/_page/workspace", self.overview, methods=["GET"]),
            WebSocketRoute("/_page/ws", self.live),
            Route("/_page/{action}", self.act, methods=["POST"]),
        ]

    # --- reading

    async def overview(self, request: Request) -> Response:
        """Who and what is here; with `?user=` the channels that person may see, else the public ones."""
        user = request.query_params.get("user", "")
        channels = self.workspace.visible_channels(user)
        return JSONResponse({
            "ok": True,
            "team": {"id": people.TEAM_ID, "name": people.TEAM_NAME, "domain": people.TEAM_DOMAIN},
            "app": {
                "id": people.APP_ID, "name": self.manifest.bot_name, "bot_user_id": BOT_USER,
                "connected": self.interactions.socket_mode.connected, "seen": self.interactions.socket_mode.seen,
                "home_tab": self.manifest.home_tab,
            },
            "users": [self.workspace.page_user(person) for person in self.workspace.users.values()],
            "channels": [self.workspace.page_channel(channel, user) for channel in channels],
            "usergroups": [
                {"id": group.id, "handle": group.handle, "name": group.name, "users": group.users}
                for group in self.workspace.usergroups.values()
            ],
            "commands": [
                {"command": entry.command, "description": entry.description, "usage_hint": entry.usage_hint}
                for entry in self.manifest.commands
                if self.manifest.may_be_called
            ],
            "shortcuts": [
                {"name": e.name, "type": e.type, "callback_id": e.callback_id, "description": e.description}
                for e in self.manifest.shortcuts
                if self.manifest.may_be_called
            ],
        })  # fmt: skip

    async def live(self, socket: WebSocket) -> None:
        """One open page: its person's whole state, then every change."""
        user = socket.query_params.get("user", "")
        if user not in self.workspace.users or user == BOT_USER:
            await socket.close(code=1008)
            return
        await socket.accept()
        with self.feed.page(user) as frames:
            await socket.send_json({"type": "hello", "user": user, "now": self.workspace.clock.now()})
            await socket.send_json(self.state(user))
            writer = asyncio.create_task(_forward(frames, socket))
            try:
                while True:
                    await socket.receive_text()  # nothing is said this way; it is how the end is noticed
            except (WebSocketDisconnect, RuntimeError):
                pass
            finally:
                writer.cancel()

    def state(self, user: str) -> Json:
        workspace = self.workspace
        channels = workspace.visible_channels(user)
        return {
            "type": "state",
            "channels": [workspace.page_channel(channel, user) for channel in channels],
            "messages": {
                channel.id: [workspace.page_message(channel, message, user) for message in channel.messages.values()]
                for channel in channels
            },
            "ephemerals": workspace.recent_whispers(user),
            "views": self.interactions.views.stacks[user],
            "home": self.interactions.views.homes.get(user),
            "unread": {channel.id: workspace.unread(channel, user) for channel in channels if user in channel.members},
        }

    # --- acting

    async def act(self, request: Request) -> Response:
        action = self.actions.get(request.path_params["action"])
        if action is None:
            return _refusal(404, "unknown_action", "There is no such action.")
        try:
            body = Body(parse_json(await request.body()))
        except (ValueError, TypeError):
            return _refusal(400, "bad_request", "A JSON object is expected.")
        try:
            user = str(body["user"])
            person = self.workspace.user(user)
            if person.is_bot or person.deleted:
                return _refusal(403, "user_disabled", f"Nobody can act as {person.real_name}.")
            return JSONResponse({"ok": True, **await action(user, body)})
        except Refused as refusal:
            return _refusal(400, refusal.error, refusal.message, refusal.extra)

    async def message(self, user: str, body: Json) -> Json:
        channel = self._joined(user, self._conversation(user, str(body["channel"])))
        if channel.is_im and self.manifest.messages_read_only and channel.partner(user) == BOT_USER:
            raise Refused("messages_tab_read_only", "This app does not take messages.")
        text = str(body.get("text") or "")
        if not (text.strip() or body.get("files")):
            raise Refused("no_text", "There is nothing to send.")
        files = [self.workspace.add_file_base64(user, file) for file in _objects(body.get("files") or [])]
        message = self.workspace.say(
            user,
            channel,
            text,
            thread_ts=str(body.get("thread_ts") or ""),
            broadcast=bool(body.get("broadcast")),
            files=files,
        )
        return {"channel": channel.id, "ts": message["ts"]}

    async def edit(self, user: str, body: Json) -> Json:
        channel, message = self._own_message(user, body)
        self.workspace.edit_typed(channel, message, user, str(body["text"]))
        return {}

    async def delete(self, user: str, body: Json) -> Json:
        channel, message = self._own_message(user, body)
        self.workspace.delete(channel, message["ts"])
        return {}

    async def react(self, user: str, body: Json) -> Json:
        channel = self._joined(user, self._conversation(user, str(body["channel"])))
        _must_be_alive(channel)
        change = self.workspace.unreact if body.get("remove") else self.workspace.react
        change(channel, str(body["ts"]), user, str(body["name"]).strip(":"))
        return {}

    async def command(self, user: str, body: Json) -> Json:
        command = str(body["command"])
        if body.get("thread_ts"):
            raise Refused("not_in_threads", f"{command} is not supported in threads. Sorry!")
        channel = self._joined(user, self._conversation(user, str(body["channel"])))
        await self.interactions.command(user, channel, command, str(body.get("text") or ""))
        return {}

    async def action(self, user: str, body: Json) -> Json:
        state = _values(_object(body.get("state") or {}).get("values"))
        block_id, action_id = str(body["block_id"]), str(body["action_id"])
        container = _object(body["container"])
        await self.interactions.action(user, container, block_id, action_id, given=body, state=state)
        return {}

    async def options(self, user: str, body: Json) -> Json:
        block_id, action_id, value = str(body["block_id"]), str(body["action_id"]), str(body.get("value") or "")
        return await self.interactions.options(user, _object(body["container"]), block_id, action_id, value)

    async def submit(self, user: str, body: Json) -> Json:
        await self.interactions.submit(user, str(body["view_id"]), _values(body.get("values")))
        return {}

    async def close(self, user: str, body: Json) -> Json:
        await self.interactions.close(user, str(body["view_id"]), everything=bool(body.get("all")))
        return {}

    async def shortcut(self, user: str, body: Json) -> Json:
        channel = self._conversation(user, str(body["channel"])) if body.get("channel") else None
        await self.interactions.shortcut(user, str(body["callback_id"]), channel, str(body.get("ts") or ""))
        return {}

    async def home(self, user: str, body: Json) -> Json:
        self.interactions.open_home(user, str(body["tab"]))
        return {}

    async def read(self, user: str, body: Json) -> Json:
        self.workspace.read(self._conversation(user, str(body["channel"])), user)
        return {}

    async def join(self, user: str, body: Json) -> Json:
        channel = self._conversation(user, str(body["channel"]))
        if channel.is_private or channel.is_im:
            raise Refused("method_not_supported_for_channel_type", "One is invited to a private channel.")
        self.workspace.join(channel, user)
        return {}

    async def leave(self, user: str, body: Json) -> Json:
        self.workspace.leave(self._shared(user, body), user)
        return {}

    async def invite(self, user: str, body: Json) -> Json:
        channel = self._joined(user, self._shared(user, body))
        self.workspace.join(channel, self.workspace.user(str(body["member"])).id, inviter=user)
        return {}

    async def kick(self, user: str, body: Json) -> Json:
        channel = self._joined(user, self._shared(user, body))
        self.workspace.leave(channel, self.workspace.user(str(body["member"])).id)
        return {}

    async def archive(self, user: str, body: Json) -> Json:
        channel = self._joined(user, self._shared(user, body))
        self.workspace.archive(channel, user, archived=bool(body["archived"]))
        return {}

    # --- what several actions need

    def _conversation(self, user: str, channel_id: str) -> Channel:
        """A channel by its id, or the direct conversation with somebody named by id or @id."""
        partner = channel_id.removeprefix("@")
        if partner in self.workspace.users:
            if partner == BOT_USER and not self.manifest.messages_tab:
                raise Refused("messages_tab_disabled", "This app takes no messages.")
            return self.workspace.open_im(user, partner)
        return self.workspace.channel_for(user, channel_id)

    def _joined(self, user: str, channel: Channel) -> Channel:
        if user not in channel.members:
            raise Refused("not_in_channel", f"Join #{channel.name} first.")
        return channel

    def _shared(self, user: str, body: Json) -> Channel:
        channel = self._conversation(user, str(body["channel"]))
        if channel.is_im:
            raise Refused("method_not_supported_for_channel_type", "A direct message has no members to change.")
        return channel

    def _own_message(self, user: str, body: Json) -> tuple[Channel, Json]:
        channel = self._conversation(user, str(body["channel"]))
        message = self.workspace.message(channel, str(body["ts"]))
        if message["user"] != user:
            raise Refused("cant_update_message", "Only your own messages can be changed.")
        _must_be_alive(channel)
        return channel, message


async def _forward(frames: asyncio.Queue[Json], socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.send_json(await frames.get())


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise Refused("bad_request", "An object is expected here.")
    return value


def _objects(value: Any) -> list[Json]:
    if not isinstance(value, list):
        raise Refused("bad_request", "A list is expected here.")
    return [_object(entry) for entry in value]


def _values(value: Any) -> Json:
    """What stands in inputs: {block_id: {action_id: {"type": ..., ...}}}."""
    return {
        block_id: {action_id: _object(entry) for action_id, entry in _object(actions).items()}
        for block_id, actions in _object(value or {}).items()
    }


def _must_be_alive(channel: Channel) -> None:
    if channel.is_archived:
        raise Refused("is_archived", "This channel is archived: nothing in it can be changed.")


def _refusal(status: int, error: str, message: str, extra: dict[str, Any] | None = None) -> Response:
    return JSONResponse({"ok": False, "error": error, "message": message, **(extra or {})}, status_code=status)
