"""The Web API's methods: what each takes, what it may be refused for, what it answers."""

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from playground import people
from playground.manifest import Manifest
from playground.people import BOT_USER, Channel
from playground.refusal import Refused, invalid_arguments
from playground.socket_mode import SocketMode
from playground.tickets import Tickets
from playground.views import Views, shown, with_ids
from playground.workspace import Json, Workspace

TRUE = ("1", "true", "True", True, 1)
MOST_TEXT = 40_000
MOST_UPDATED_TEXT = 4_000

_STRUCTURED = ("blocks", "attachments", "view", "metadata", "files")


class Args:
    """The arguments of one call, whichever way they came: JSON, form or query."""

    def __init__(self, values: Json) -> None:
        self.values = {key: value for key, value in values.items() if value is not None}
        for key in _STRUCTURED:
            if isinstance(self.values.get(key), str) and self.values[key]:
                try:
                    self.values[key] = json.loads(self.values[key])
                except ValueError as error:
                    word = "invalid_blocks_format" if key == "blocks" else "invalid_arguments"
                    raise Refused(word) from error

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key, default)
        return value if isinstance(value, str) else str(value)

    def required(self, key: str) -> str:
        value = self.text(key)
        if not value:
            raise invalid_arguments(f"missing required field: {key}")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        return self.values[key] in TRUE if key in self.values else default

    def number(self, key: str, default: int, most: int) -> int:
        try:
            value = int(self.values.get(key) or default)
        except (TypeError, ValueError) as error:
            raise Refused("invalid_limit") from error
        if value < 1:
            raise Refused("invalid_limit")
        return min(value, most)

    def listed(self, key: str) -> list[str]:
        value = self.values.get(key) or []
        return value if isinstance(value, list) else [part.strip() for part in str(value).split(",") if part.strip()]

    def dict(self, key: str) -> Json | None:
        value = self.values.get(key)
        if value is None or isinstance(value, dict):
            return value
        raise invalid_arguments(f"{key} must be an object")

    def list_of_dicts(self, key: str, error: str) -> list[Json] | None:
        value = self.values.get(key)
        if value in (None, ""):
            return None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Refused(error)
        return value


class WebApi:
    """One method of this class for one method of Slack's; METHODS below says which."""

    def __init__(
        self, workspace: Workspace, views: Views, tickets: Tickets, socket_mode: SocketMode, manifest: Manifest
    ) -> None:
        self.workspace = workspace
        self.views = views
        self.tickets = tickets
        self.socket_mode = socket_mode
        self.manifest = manifest
        self.uploads: dict[str, Json] = {}

    def call(self, method: str, args: Args) -> Json:
        """Do what `method` asks. Raises Refused with Slack's error word."""
        return METHODS[method].run(self, args)

    # --- start

    def api_test(self, args: Args) -> Json:
        return {"args": args.values}

    def auth_test(self, _args: Args) -> Json:
        return {
            "url": f"{self.workspace.base_url}/", "team": people.TEAM_NAME, "user": self.workspace.users[BOT_USER].name,
            "team_id": people.TEAM_ID, "user_id": BOT_USER, "bot_id": people.BOT_ID, "is_enterprise_install": False,
        }  # fmt: skip

    def connections_open(self, _args: Args) -> Json:
        if not self.manifest.socket_mode:
            raise Refused("forbidden_team")
        address = self.workspace.base_url.replace("http", "ws", 1)
        return {"url": f"{address}/link/?ticket={self.socket_mode.new_ticket()}&app_id={people.APP_ID}"}

    def team_info(self, _args: Args) -> Json:
        return {"team": {"id": people.TEAM_ID, "name": people.TEAM_NAME, "domain": people.TEAM_DOMAIN}}

    def bots_info(self, args: Args) -> Json:
        if args.text("bot", people.BOT_ID) != people.BOT_ID:
            raise Refused("bot_not_found")
        return {"bot": self._bot_profile() | {"user_id": BOT_USER}}

    # --- messages

    def post_message(self, args: Args) -> Json:
        channel = self._target(args.required("channel"))
        message = self._content(args, MOST_TEXT)
        if args.text("username") or args.text("icon_emoji") or args.text("icon_url"):
            self.require("chat:write.customize")
            message["username"] = args.text("username", self.manifest.bot_name)
        message = self.workspace.post(
            channel,
            self._own() | message,
            thread_ts=args.text("thread_ts"),
            broadcast=args.flag("reply_broadcast"),
        )
        return {"channel": channel.id, "ts": message["ts"], "message": _readable(message, metadata=True)}

    def update_message(self, args: Args) -> Json:
        channel = self._conversation(args)
        message = self._own_message(channel, args.required("ts"), "cant_update_message")
        if channel.is_archived:
            raise Refused("is_inactive")
        changes = self._content(args, MOST_UPDATED_TEXT)
        if "blocks" not in changes and "text" in changes and "blocks" not in args.values:
            changes["blocks"] = None
        if args.values.get("metadata") == {}:
            changes["metadata"] = None
        message = self.workspace.edit(channel, message["ts"], BOT_USER, changes)
        shown_message = _readable(message, metadata=True)
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": shown_message}

    def delete_message(self, args: Args) -> Json:
        channel = self._conversation(args)
        message = self._own_message(channel, args.required("ts"), "cant_delete_message")
        self.workspace.delete(channel, message["ts"])
        return {"channel": channel.id, "ts": message["ts"]}

    def post_ephemeral(self, args: Args) -> Json:
        channel = self._target(args.required("channel"))
        reader = self.workspace.users.get(args.required("user"))
        if reader is None or reader.id not in channel.members:
            raise Refused("user_not_in_channel")
        if channel.is_archived:
            raise Refused("is_archived")
        content = self._content(args, MOST_TEXT)
        content.pop("metadata", None)
        message = self.workspace.whisper(channel, reader.id, self._own() | content, thread_ts=args.text("thread_ts"))
        return {"message_ts": message["ts"]}

    def get_permalink(self, args: Args) -> Json:
        channel = self._conversation(args)
        message = self.workspace.message(channel, args.required("message_ts"))
        return {"channel": channel.id, "permalink": self.workspace.permalink(channel, message)}

    def add_reaction(self, args: Args) -> Json:
        channel = self._joined(args)
        if channel.is_archived:
            raise Refused("is_archived")
        self.workspace.react(channel, args.required("timestamp"), BOT_USER, self._emoji(args))
        return {}

    def remove_reaction(self, args: Args) -> Json:
        channel = self._joined(args)
        self.workspace.unreact(channel, args.required("timestamp"), BOT_USER, self._emoji(args))
        return {}

    def get_reactions(self, args: Args) -> Json:
        channel = self._joined(args)
        message = self.workspace.message(channel, args.required("timestamp"))
        return {"type": "message", "channel": channel.id, "message": _readable(message)}

    # --- forms

    def views_open(self, args: Args) -> Json:
        content = self._view(args, "modal")
        trigger = self.tickets.exchange(args.required("trigger_id"))
        return {"view": shown(self.views.open(trigger.user, content))}

    def views_push(self, args: Args) -> Json:
        content = self._view(args, "modal")
        trigger = self.tickets.exchange(args.required("trigger_id"))
        return {"view": shown(self.views.push(trigger.user, content))}

    def views_update(self, args: Args) -> Json:
        content = self._view(args, "modal")
        view_id, external_id = args.text("view_id"), args.text("external_id")
        if not (view_id or external_id):
            raise invalid_arguments("missing required field: view_id")
        return {"view": shown(self.views.update(view_id, external_id, content, args.text("hash")))}

    def views_publish(self, args: Args) -> Json:
        if not self.manifest.home_tab:
            raise Refused("not_enabled")
        user = args.required("user_id")
        if user not in self.workspace.users or self.workspace.users[user].is_bot:
            raise invalid_arguments("invalid user_id")
        return {"view": shown(self.views.publish(user, self._view(args, "home"), args.text("hash")))}

    # --- conversations

    def conversations_open(self, args: Args) -> Json:
        if args.text("channel"):
            channel = self._conversation(args)
        else:
            users = args.listed("users")
            if not users:
                raise Refused("users_list_not_supplied")
            if len(users) > 1:
                raise Refused("method_not_supported_for_channel_type")
            channel = self._direct(users[0])
        if args.flag("return_im"):
            return {"channel": self.workspace.channel_json(channel)}
        return {"channel": {"id": channel.id}}

    def conversations_info(self, args: Args) -> Json:
        return {"channel": self.workspace.channel_json(self._conversation(args))}

    def conversations_list(self, args: Args) -> Json:
        types = args.listed("types") or ["public_channel"]
        kinds = {_KINDS[kind] for kind in types if kind in _KINDS}
        if len(kinds) != len([kind for kind in types if kind != "mpim"]):
            raise Refused("invalid_types")
        hide_archived = args.flag("exclude_archived")
        channels = [
            self.workspace.channel_json(channel)
            for channel in self.workspace.visible_channels(BOT_USER)
            if channel.kind in kinds and not (hide_archived and channel.is_archived)
        ]
        return _paged(args, "channels", channels, most=1000)

    def users_conversations(self, args: Args) -> Json:
        user = args.text("user", BOT_USER)
        types = args.listed("types") or ["public_channel"]
        kinds = {_KINDS[kind] for kind in types if kind in _KINDS}
        channels = [
            self.workspace.channel_json(channel)
            for channel in self.workspace.visible_channels(BOT_USER)
            if channel.kind in kinds and user in channel.members
        ]
        return _paged(args, "channels", channels, most=1000)

    def conversations_members(self, args: Args) -> Json:
        return _paged(args, "members", list(self._conversation(args).members), most=1000)

    def conversations_join(self, args: Args) -> Json:
        channel = self._conversation(args)
        if channel.is_private or channel.is_im:
            raise Refused("method_not_supported_for_channel_type")
        self.workspace.join(channel, BOT_USER)
        return {"channel": self.workspace.channel_json(channel)}

    def conversations_leave(self, args: Args) -> Json:
        channel = self._conversation(args)
        if channel.is_im:
            raise Refused("method_not_supported_for_channel_type")
        if BOT_USER not in channel.members:
            return {"not_in_channel": True}
        self.workspace.leave(channel, BOT_USER)
        return {}

    def conversations_history(self, args: Args) -> Json:
        channel = self._joined(args)
        messages = _between(args, self.workspace.history(channel))
        metadata = args.flag("include_all_metadata")
        return _paged(args, "messages", [_readable(message, metadata=metadata) for message in messages], most=999)

    def conversations_replies(self, args: Args) -> Json:
        channel = self._joined(args)
        root, *replies = self.workspace.thread(channel, args.required("ts"))
        metadata = args.flag("include_all_metadata")
        messages = [_readable(message, metadata=metadata) for message in _between(args, replies)]
        answer = _paged(args, "messages", messages, most=999)
        answer["messages"].insert(0, _readable(root, metadata=metadata))
        return answer

    # --- people

    def users_info(self, args: Args) -> Json:
        user = self.workspace.user(args.required("user"))
        email = "users:read.email" in self.manifest.scopes
        shown_user = self.workspace.user_json(user, email=email)
        return {"user": shown_user | ({"locale": "en-US"} if args.flag("include_locale") else {})}

    def users_list(self, args: Args) -> Json:
        email = "users:read.email" in self.manifest.scopes
        users = [self.workspace.user_json(user, email=email) for user in self.workspace.users.values()]
        return _paged(args, "members", users, most=1000)

    def users_lookup_by_email(self, args: Args) -> Json:
        wanted = args.required("email").lower()
        for user in self.workspace.users.values():
            if user.email() == wanted and not user.is_bot and not user.deleted:
                return {"user": self.workspace.user_json(user, email=True)}
        raise Refused("users_not_found")

    def usergroups_list(self, args: Args) -> Json:
        groups = []
        for group in self.workspace.usergroups.values():
            shown_group: Json = {
                "id": group.id, "team_id": people.TEAM_ID, "is_usergroup": True, "name": group.name,
                "handle": group.handle, "date_delete": 0, "user_count": len(group.users),
            }  # fmt: skip
            if args.flag("include_users"):
                shown_group["users"] = list(group.users)
            groups.append(shown_group)
        return {"usergroups": groups}

    def usergroups_users_list(self, args: Args) -> Json:
        group = self.workspace.usergroups.get(args.required("usergroup"))
        if group is None:
            raise Refused("no_such_subteam")
        return {"users": list(group.users)}

    # --- files

    def upload_url(self, args: Args) -> Json:
        name = args.required("filename")
        length = args.number("length", 0, 1_000_000_000)
        file = self.workspace.add_file(BOT_USER, name, "application/octet-stream", b"")
        self.uploads[file.id] = {"length": length, "received": False}
        return {"upload_url": f"{self.workspace.base_url}/upload/v1/{file.id}", "file_id": file.id}

    def receive_upload(self, file_id: str, mimetype: str, content: bytes) -> None:
        """The bytes that follow `files.getUploadURLExternal`."""
        upload = self.uploads.get(file_id)
        if upload is None or upload["received"]:
            raise Refused("file_not_found")
        if len(content) != upload["length"]:
            raise Refused("file_upload_size_mismatch")
        file = self.workspace.files[file_id]
        file.content, file.mimetype = content, mimetype
        upload["received"] = True

    def complete_upload(self, args: Args) -> Json:
        named = args.list_of_dicts("files", "invalid_arguments")
        if not named:
            raise invalid_arguments("missing required field: files")
        channel_ids = [*args.listed("channels"), *args.listed("channel_id")]
        channels = [self._must_be_in(self._find(channel_id)) for channel_id in channel_ids]
        files = []
        for entry in named:
            file = self.workspace.files.get(str(entry.get("id")))
            if file is None or not self.uploads.get(file.id, {}).get("received"):
                raise Refused("file_not_found")
            file.title = entry.get("title") or file.name
            files.append(file)
        shown_files = [self.workspace.file_json(file) for file in files]
        for channel in channels:
            message = {"subtype": "file_share", "text": args.text("initial_comment"), "files": shown_files}
            self.workspace.post(channel, self._own() | message, thread_ts=args.text("thread_ts"))
        return {"files": shown_files}

    def files_info(self, args: Args) -> Json:
        file = self.workspace.files.get(args.required("file"))
        if file is None:
            raise Refused("file_not_found")
        return {"file": self.workspace.file_json(file)}

    # --- what several methods need

    def require(self, *scopes: str) -> None:
        """Refuse unless the app was granted one of these scopes; none named means none needed."""
        if scopes and not self.manifest.scopes & set(scopes):
            raise Refused("missing_scope", needed=",".join(scopes), provided=",".join(sorted(self.manifest.scopes)))

    def _find(self, channel_id: str) -> Channel:
        return self.workspace.channel_for(BOT_USER, channel_id)

    def _conversation(self, args: Args) -> Channel:
        return self._find(args.required("channel"))

    def _joined(self, args: Args) -> Channel:
        return self._must_be_in(self._conversation(args))

    def _must_be_in(self, channel: Channel) -> Channel:
        if BOT_USER not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def _target(self, channel_id: str) -> Channel:
        """Where a post goes: a channel the app is in, or a person, whose direct conversation is opened."""
        if channel_id.startswith("U"):
            return self._direct(channel_id)
        channel = self._find(channel_id)
        if BOT_USER not in channel.members and "chat:write.public" not in self.manifest.scopes:
            raise Refused("not_in_channel")
        if channel.is_im and self.workspace.users[channel.partner(BOT_USER)].deleted:
            raise Refused("user_disabled")
        return channel

    def _direct(self, user_id: str) -> Channel:
        user = self.workspace.users.get(user_id)
        if user is None:
            raise Refused("channel_not_found")
        if user.is_bot:
            raise Refused("cannot_dm_bot")
        if user.deleted:
            raise Refused("user_disabled")
        if not self.manifest.messages_tab:
            raise Refused("messages_tab_disabled")
        return self.workspace.open_im(BOT_USER, user_id)

    def _own_message(self, channel: Channel, ts: str, refusal: str) -> Json:
        message = self.workspace.message(channel, ts)
        if message.get("bot_id") != people.BOT_ID:
            raise Refused(refusal)
        return message

    def _own(self) -> Json:
        return {
            "user": BOT_USER, "bot_id": people.BOT_ID, "app_id": people.APP_ID, "bot_profile": self._bot_profile(),
        }  # fmt: skip

    def _bot_profile(self) -> Json:
        return {
            "id": people.BOT_ID, "app_id": people.APP_ID, "name": self.manifest.bot_name, "deleted": False,
            "updated": 0, "team_id": people.TEAM_ID, "icons": {},
        }  # fmt: skip

    def _content(self, args: Args, most_text: int) -> Json:
        """text, blocks, attachments and metadata of a message, checked as Slack checks them."""
        content: Json = {}
        blocks = args.list_of_dicts("blocks", "invalid_blocks_format")
        attachments = args.list_of_dicts("attachments", "invalid_attachments")
        text = args.text("text")
        if not (text.strip() or blocks or attachments):
            raise Refused("no_text")
        if len(text) > most_text:
            if most_text == MOST_UPDATED_TEXT:
                raise Refused("msg_too_long")
            text = text[:most_text]
        content["text"] = text
        if blocks:
            content["blocks"] = with_ids(blocks)
        if attachments:
            content["attachments"] = attachments
        metadata = args.dict("metadata")
        if metadata:
            content["metadata"] = metadata
        return content

    def _view(self, args: Args, kind: str) -> Json:
        view = args.dict("view")
        if view is None:
            raise invalid_arguments("missing required field: view")
        return self.checked_view(view, kind)

    def checked_view(self, view: Json, kind: str) -> Json:
        """The view, if Slack would take it as a `modal` or a `home`, with ids where the app gave none."""
        if view.get("type") != kind:
            raise invalid_arguments(f"invalid view type: {view.get('type')}")
        return view | {"blocks": with_ids(view.get("blocks") or [])}

    def _emoji(self, args: Args) -> str:
        name = args.required("name").strip(":")
        if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
            raise Refused("invalid_name")
        return name

    # --- response_url

    def respond(self, path: str, body: Json) -> None:
        """One POST to a response_url. Raises Refused when it is used up, too old, or says nothing."""
        target = self.tickets.use(path)
        channel = self.workspace.channels[target.channel]
        if body.get("delete_original"):
            self._drop_original(channel, target.user, target.ts, ephemeral=target.ephemeral)
            if not (body.get("text") or body.get("blocks")):
                return
        content = self._content(Args(body), MOST_TEXT)
        if body.get("replace_original") and target.ts:
            content.setdefault("blocks", None)
            if target.ephemeral:
                self.workspace.rewrite_whisper(target.user, (channel.id, target.ts), content)
            else:
                self.workspace.edit(channel, target.ts, BOT_USER, content)
            return
        thread_ts = str(body.get("thread_ts") or "")
        if body.get("response_type") == "in_channel":
            self.workspace.post(channel, self._own() | content, thread_ts=thread_ts)
        else:
            self.workspace.whisper(channel, target.user, self._own() | content, thread_ts=thread_ts)

    def answer_command(self, user: str, channel: Channel, payload: Any) -> None:
        """What the app put into the ack of a slash command: seen by its person only, unless it says in_channel."""
        body = payload if isinstance(payload, dict) else {"text": payload}
        content = self._content(Args(body), MOST_TEXT)
        if body.get("response_type") == "in_channel":
            self.workspace.post(channel, self._own() | content)
        else:
            self.workspace.whisper(channel, user, self._own() | content)

    def _drop_original(self, channel: Channel, user: str, ts: str, *, ephemeral: bool) -> None:
        if ephemeral:
            self.workspace.drop_whisper(user, (channel.id, ts))
        elif ts in channel.messages:
            self.workspace.delete(channel, ts)


@dataclass(frozen=True)
class Method:
    """`scopes`: any one of them will do. `app_token`: called with the app's token, not the bot's."""

    run: Callable[[WebApi, Args], Json]
    scopes: tuple[str, ...] = ()
    app_token: bool = False


METHODS: dict[str, Method] = {
    "api.test": Method(WebApi.api_test),
    "auth.test": Method(WebApi.auth_test),
    "apps.connections.open": Method(WebApi.connections_open, app_token=True),
    "team.info": Method(WebApi.team_info, ("team:read",)),
    "bots.info": Method(WebApi.bots_info, ("users:read",)),
    "chat.postMessage": Method(WebApi.post_message, ("chat:write",)),
    "chat.update": Method(WebApi.update_message, ("chat:write",)),
    "chat.delete": Method(WebApi.delete_message, ("chat:write",)),
    "chat.postEphemeral": Method(WebApi.post_ephemeral, ("chat:write",)),
    "chat.getPermalink": Method(WebApi.get_permalink),
    "reactions.add": Method(WebApi.add_reaction, ("reactions:write",)),
    "reactions.remove": Method(WebApi.remove_reaction, ("reactions:write",)),
    "reactions.get": Method(WebApi.get_reactions, ("reactions:read",)),
    "views.open": Method(WebApi.views_open),
    "views.push": Method(WebApi.views_push),
    "views.update": Method(WebApi.views_update),
    "views.publish": Method(WebApi.views_publish),
    "conversations.open": Method(WebApi.conversations_open, ("im:write",)),
    "conversations.info": Method(WebApi.conversations_info),
    "conversations.list": Method(WebApi.conversations_list),
    "conversations.members": Method(WebApi.conversations_members),
    "conversations.join": Method(WebApi.conversations_join, ("channels:join",)),
    "conversations.leave": Method(WebApi.conversations_leave, ("channels:manage", "groups:write")),
    "conversations.history": Method(WebApi.conversations_history),
    "conversations.replies": Method(WebApi.conversations_replies),
    "users.info": Method(WebApi.users_info, ("users:read",)),
    "users.list": Method(WebApi.users_list, ("users:read",)),
    "users.lookupByEmail": Method(WebApi.users_lookup_by_email, ("users:read.email",)),
    "users.conversations": Method(WebApi.users_conversations),
    "usergroups.list": Method(WebApi.usergroups_list, ("usergroups:read",)),
    "usergroups.users.list": Method(WebApi.usergroups_users_list, ("usergroups:read",)),
    "files.getUploadURLExternal": Method(WebApi.upload_url, ("files:write",)),
    "files.completeUploadExternal": Method(WebApi.complete_upload, ("files:write",)),
    "files.info": Method(WebApi.files_info, ("files:read",)),
}

_KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im"}


def _readable(message: Json, *, metadata: bool = False) -> Json:
    """A message as history gives it: of its metadata only the type, unless all was asked for."""
    if "metadata" not in message or metadata:
        return message
    return message | {"metadata": {"event_type": message["metadata"].get("event_type")}}


def _between(args: Args, messages: Sequence[Json]) -> list[Json]:
    oldest, latest = _ts(args, "oldest", "0"), _ts(args, "latest", "9999999999")
    if args.flag("inclusive"):
        return [message for message in messages if oldest <= float(message["ts"]) <= latest]
    return [message for message in messages if oldest < float(message["ts"]) < latest]


def _ts(args: Args, key: str, default: str) -> float:
    try:
        return float(args.text(key) or default)
    except ValueError as error:
        raise Refused(f"invalid_ts_{key}") from error


def _paged(args: Args, key: str, items: Sequence[Any], most: int) -> Json:
    """One page of `items`: `limit` of them from `cursor` on, and the cursor of what is left."""
    limit = args.number("limit", 100, most)
    start = 0
    if args.text("cursor"):
        try:
            start = int(base64.b64decode(args.text("cursor")).decode().removeprefix("next:"))
        except ValueError as error:
            raise Refused("invalid_cursor") from error
    more = start + limit < len(items)
    cursor = base64.b64encode(f"next:{start + limit}".encode()).decode() if more else ""
    return {key: list(items[start : start + limit]), "has_more": more, "response_metadata": {"next_cursor": cursor}}
