"""The Web API's methods: what each takes, what it may be refused for, what it answers."""

import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from playground import blocks as block_kit
from playground import people
from playground.arguments import Args, between, paged, paged_by_ts
from playground.limits import Limits
from playground.manifest import Manifest
from playground.people import BOT_USER, Channel
from playground.refusal import RateLimited, Refused, invalid_arguments
from playground.socket_mode import SocketMode
from playground.tickets import Tickets
from playground.views import Views, shown, with_ids
from playground.workspace import Json, Workspace

MOST_TEXT = 40_000
MOST_UPDATED_TEXT = 4_000
MOST_ATTACHMENTS = 100
MOST_HISTORY = 999
MOST_REPLIES = 1_000
MOST_ALT_TEXT = 1_000
MOST_CHANNELS = 100  # that one upload may be shared to


class WebApi:
    """One method of this class for one method of Slack's; METHODS below says which."""

    def __init__(self, workspace: Workspace, socket_mode: SocketMode, manifest: Manifest, limits: Limits) -> None:
        self.workspace = workspace
        self.views = Views(workspace.clock, workspace.feed, list(workspace.users))
        self.tickets = Tickets(workspace.clock, workspace.base_url)
        self.socket_mode = socket_mode
        self.manifest = manifest
        self.limits = limits
        self.uploads: dict[str, Json] = {}

    def call(self, name: str, token: str, values: Json) -> Json:
        """Do what the method `name` asks. Raises Refused with Slack's error word."""
        method = METHODS.get(name)
        if method is None:
            raise Refused("unknown_method", req_method=name)
        if name != "api.test":
            _check_token(token, people.APP_TOKEN if method.app_token else people.BOT_TOKEN)
        if wait := self.limits.method(name, method.tier):
            raise RateLimited(wait)
        self.require(*method.scopes)
        return method.run(self, Args(values))

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
        self._pace(channel)
        message = self._content(args)
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
        changes = self._changes(message, args)
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
        if reader is None or reader.is_bot or reader.id not in channel.members:
            raise Refused("user_not_in_channel")
        if channel.is_archived:
            raise Refused("is_archived")
        content = self._content(args)
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
        if not any(view["id"] == trigger.view_id for view in self.views.stacks[trigger.user]):
            raise Refused("not_found")  # only from within a form that is open can another be laid on it
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
            raise invalid_arguments("invalid `user_id` [json-pointer:/user_id]")
        return {"view": shown(self.views.publish(user, self._view(args, "home"), args.text("hash")))}

    # --- conversations

    def conversations_open(self, args: Args) -> Json:
        if args.text("channel"):
            channel = self._conversation(args)
            if not channel.is_im:
                raise Refused("method_not_supported_for_channel_type")
        else:
            users = args.listed("users")
            if not users:
                raise Refused("users_list_not_supplied")
            if len(users) > 1:
                raise Refused("method_not_supported_for_channel_type")
            channel = self._direct(users[0], stranger="user_not_found")
        if args.flag("return_im"):
            return {"channel": self.workspace.channel_json(channel)}
        return {"channel": {"id": channel.id}}

    def conversations_info(self, args: Args) -> Json:
        channel = self._conversation(args)
        self.require(_READ[channel.kind])
        return {"channel": self.workspace.channel_json(channel)}

    def conversations_list(self, args: Args) -> Json:
        kinds = self._kinds(args)
        hide_archived = args.flag("exclude_archived")
        channels = [
            self.workspace.channel_json(channel)
            for channel in self.workspace.visible_channels(BOT_USER)
            if channel.kind in kinds and not (hide_archived and channel.is_archived)
        ]
        return paged(args, "channels", channels, most=1000)

    def users_conversations(self, args: Args) -> Json:
        user = args.text("user", BOT_USER)
        kinds = self._kinds(args)
        hide_archived = args.flag("exclude_archived")
        channels = [
            self.workspace.channel_json(channel)
            for channel in self.workspace.visible_channels(BOT_USER)
            if channel.kind in kinds and user in channel.members and not (hide_archived and channel.is_archived)
        ]
        return paged(args, "channels", channels, most=1000)

    def conversations_members(self, args: Args) -> Json:
        channel = self._conversation(args)
        self.require(_READ[channel.kind])
        there = [member for member in channel.members if not self.workspace.users[member].deleted]
        return paged(args, "members", there, most=1000)

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
        self.require(_HISTORY[channel.kind])
        return self._page(args, self.workspace.history(channel), newest_first=True, limit=100, most=MOST_HISTORY)

    def conversations_replies(self, args: Args) -> Json:
        channel = self._joined(args)
        self.require(_HISTORY[channel.kind])
        root, *replies = self.workspace.thread(channel, args.required("ts"))
        answer = self._page(args, replies, newest_first=False, limit=MOST_REPLIES, most=MOST_REPLIES)
        answer["messages"].insert(0, _readable(root, metadata=args.flag("include_all_metadata")))
        return answer

    def _page(self, args: Args, messages: Sequence[Json], *, newest_first: bool, limit: int, most: int) -> Json:
        """One page of messages: so many as `limit` asks for, which left out is `limit` and at most `most`."""
        metadata = args.flag("include_all_metadata")
        readable = [_readable(message, metadata=metadata) for message in between(args, messages)]
        return paged_by_ts(args, readable, args.number("limit", limit, most), newest_first=newest_first)

    # --- people

    def users_info(self, args: Args) -> Json:
        user = self.workspace.user(args.required("user"))
        email = "users:read.email" in self.manifest.scopes
        shown_user = self.workspace.user_json(user, email=email)
        return {"user": shown_user | ({"locale": "en-US"} if args.flag("include_locale") else {})}

    def users_list(self, args: Args) -> Json:
        email = "users:read.email" in self.manifest.scopes
        users = [self.workspace.user_json(user, email=email) for user in self.workspace.users.values()]
        return paged(args, "members", users, most=1000)

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
        if len(args.text("alt_txt")) > MOST_ALT_TEXT:
            raise Refused("alt_txt_too_large")
        length = args.number("length", 0, 1_000_000_000)
        file = self.workspace.add_file(BOT_USER, name, "application/octet-stream", b"")
        self.uploads[file.id] = {"length": length, "received": False}
        return {"upload_url": f"{self.workspace.base_url}/upload/v1/{file.id}", "file_id": file.id}

    def receive_upload(self, file_id: str, content: bytes) -> Json:
        """The bytes that follow `files.getUploadURLExternal`."""
        upload = self.uploads.get(file_id)
        if upload is None or upload["received"]:
            raise Refused("file_not_found")
        if len(content) != upload["length"]:
            raise Refused("file_upload_size_mismatch")
        file = self.workspace.files[file_id]
        file.content = content
        file.mimetype = mimetypes.guess_type(file.name)[0] or file.mimetype
        upload["received"] = True
        return {"said": f"OK - {len(content)}"}

    def complete_upload(self, args: Args) -> Json:
        named = args.list_of_dicts("files", "invalid_arguments")
        if not named:
            raise invalid_arguments("missing required field: files")
        channel_ids = [*args.listed("channels"), *args.listed("channel_id")]
        if len(channel_ids) > MOST_CHANNELS:
            raise Refused("channels_limit_exceeded")
        channels = [self._must_be_in(self._find(channel_id)) for channel_id in channel_ids]
        titles = {str(entry.get("id")): str(entry.get("title") or "") for entry in named}
        if not all(self.uploads.get(file_id, {}).get("received") for file_id in titles):
            raise Refused("file_not_found")
        for channel in channels:
            self._pace(channel)
            if args.text("thread_ts"):
                self.workspace.thread_root(channel, args.text("thread_ts"))
        files = [self.workspace.files[file_id] for file_id in titles]
        for file in files:
            file.title = titles[file.id] or file.name
            del self.uploads[file.id]  # once completed it is not completed again
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

    def _direct(self, user_id: str, stranger: str = "channel_not_found") -> Channel:
        user = self.workspace.users.get(user_id)
        if user is None:
            raise Refused(stranger)
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

    def _pace(self, channel: Channel) -> None:
        if wait := self.limits.post(channel.id):
            raise RateLimited(wait)

    def _kinds(self, args: Args) -> set[str]:
        """The kinds of conversation that `types` asks for, each with the scope it needs."""
        types = args.listed("types") or ["public_channel"]
        if not set(types) <= set(_KINDS):
            raise Refused("invalid_types")
        kinds = {_KINDS[kind] for kind in types} - {"mpim"}
        for kind in sorted(kinds):
            self.require(_READ[kind])
        return kinds

    def _content(self, args: Args) -> Json:
        """text, blocks, attachments and metadata of a new message, checked as Slack checks them."""
        content = self._checked(args)
        content["text"] = args.text("text")[:MOST_TEXT]
        if not (content["text"].strip() or content.get("blocks") or content.get("attachments")):
            raise Refused("no_text")
        return {key: value for key, value in content.items() if value or key == "text"}

    def _changes(self, message: Json, args: Args) -> Json:
        """What chat.update changes: what is not given stays, an empty list or object goes."""
        if len(args.text("text")) > MOST_UPDATED_TEXT:
            raise Refused("msg_too_long")
        changes = self._checked(args)
        if "text" in args.values or "blocks" in changes:
            changes["text"] = args.text("text")
        after = message | changes
        if not (after["text"].strip() or after.get("blocks") or after.get("attachments")) or not changes:
            raise Refused("no_text")
        return {key: None if key != "text" and not value else value for key, value in changes.items()}

    def _checked(self, args: Args) -> Json:
        """The parts of a message that were given, each refused if Slack would refuse it."""
        given: Json = {}
        if args.text("markdown_text"):
            if args.text("text") or args.values.get("blocks"):
                raise Refused("markdown_text_conflict")
            args.values["blocks"] = [{"type": "markdown", "text": args.text("markdown_text")}]
        blocks = args.list_of_dicts("blocks", "invalid_blocks_format")
        attachments = args.list_of_dicts("attachments", "invalid_attachments")
        if blocks is not None:
            _refuse("invalid_blocks", block_kit.errors_of_message(blocks))
            given["blocks"] = with_ids(blocks)
        if attachments is not None:
            if len(attachments) > MOST_ATTACHMENTS:
                raise Refused("too_many_attachments")
            for number, attachment in enumerate(attachments):
                pointer = f"/attachments/{number}/blocks"
                _refuse("invalid_blocks", block_kit.errors_of_message(_blocks_of(attachment), pointer))
            given["attachments"] = [
                attachment | ({"blocks": with_ids(_blocks_of(attachment))} if _blocks_of(attachment) else {})
                for attachment in attachments
                if any(attachment.get(key) for key in _SAYING)
            ]
        if block_kit.too_long([*(blocks or []), *map(_blocks_of, attachments or [])]):
            raise Refused("msg_blocks_too_long")
        metadata = args.dict("metadata")
        if metadata is not None:
            if metadata:
                _refuse("invalid_metadata_format", block_kit.errors_of_metadata(metadata))
            if block_kit.metadata_too_large(metadata):
                raise Refused("metadata_too_large")
            given["metadata"] = metadata
        return given

    def _view(self, args: Args, kind: str) -> Json:
        view = args.dict("view")
        if view is None:
            raise invalid_arguments("missing required field: view")
        return self.checked_view(view, kind)

    def checked_view(self, view: Json, kind: str) -> Json:
        """The view, if Slack would take it as a `modal` or a `home`, with ids where the app gave none."""
        if view.get("type") != kind:
            raise invalid_arguments(f"invalid `type`: {view.get('type')} [json-pointer:/view/type]")
        if block_kit.view_too_large(view):
            raise Refused("view_too_large")
        _refuse("invalid_arguments", block_kit.errors_of_view(view))
        return {**block_kit.without_nulls(view), "blocks": with_ids(view["blocks"])}

    def checked_options(self, answer: Any) -> Json:
        """What an app offered for an external select: {"options": ...} or {"option_groups": ...}."""
        offered = answer if isinstance(answer, dict) else {}
        key = "option_groups" if "option_groups" in offered else "options"
        if key not in offered:
            raise invalid_arguments("missing required field: options")
        _refuse("invalid_arguments", block_kit.errors_of_options(key, offered[key]))
        return {key: offered[key]}

    def _emoji(self, args: Args) -> str:
        return args.required("name").strip(":")

    # --- response_url

    def respond(self, path: str, body: Json) -> Json:
        """One POST to a response_url. Refused when it is used up, too old, says nothing, or comes too fast."""
        target = self.tickets.find(path)
        channel = target.channel
        original = (channel, target.user, target.ts)
        if body.get("delete_original") and not (body.get("text") or body.get("blocks")):
            target.uses += 1
            self._drop_original(*original, ephemeral=target.ephemeral)
            return {"said": "ok"}
        self._pace(channel)
        content = self._content(Args(body))
        if body.get("replace_original") and target.ts:
            content = {"blocks": None, "attachments": None} | content
            if target.ephemeral:
                self.workspace.rewrite_whisper(target.user, (channel.id, target.ts), content)
            elif target.ts in channel.messages:
                self.workspace.edit(channel, target.ts, BOT_USER, content)
        else:
            self._answer_person(target.user, channel, body, content)
            if body.get("delete_original"):
                self._drop_original(*original, ephemeral=target.ephemeral)
        target.uses += 1
        return {"said": "ok"}

    def answer_command(self, user: str, channel: Channel, payload: Any) -> None:
        """What the app put into the ack of a slash command."""
        body = payload if isinstance(payload, dict) else {"text": payload}
        self._answer_person(user, channel, body, self._content(Args(body)))

    def _answer_person(self, user: str, channel: Channel, body: Json, content: Json) -> None:
        """Show an answer to its person only, unless it says in_channel."""
        if body.get("response_type") not in (None, "", "ephemeral", "in_channel"):
            raise Refused("invalid_payload")
        content = self._own() | content
        content.pop("metadata", None)
        thread_ts = str(body.get("thread_ts") or "")
        if body.get("response_type") == "in_channel":
            self.workspace.post(channel, content, thread_ts=thread_ts)
        else:
            self.workspace.whisper(channel, user, content, thread_ts=thread_ts)

    def _drop_original(self, channel: Channel, user: str, ts: str, *, ephemeral: bool) -> None:
        if ephemeral:
            self.workspace.drop_whisper(user, (channel.id, ts))
        elif ts in channel.messages:
            self.workspace.delete(channel, ts)


@dataclass(frozen=True)
class Method:
    """`tier` is Slack's rate limit tier, 0 for a limit of the method's own. Of `scopes` any one will do; where the
    scope depends on the kind of conversation, the method asks for it itself. `app_token`: called with the app's.
    """

    run: Callable[[WebApi, Args], Json]
    tier: int
    scopes: tuple[str, ...] = ()
    app_token: bool = False


METHODS: dict[str, Method] = {
    "api.test": Method(WebApi.api_test, 4),
    "auth.test": Method(WebApi.auth_test, 0),
    "apps.connections.open": Method(WebApi.connections_open, 3, app_token=True),
    "team.info": Method(WebApi.team_info, 3, ("team:read",)),
    "bots.info": Method(WebApi.bots_info, 3, ("users:read",)),
    "chat.postMessage": Method(WebApi.post_message, 0, ("chat:write",)),
    "chat.update": Method(WebApi.update_message, 3, ("chat:write",)),
    "chat.delete": Method(WebApi.delete_message, 3, ("chat:write",)),
    "chat.postEphemeral": Method(WebApi.post_ephemeral, 4, ("chat:write",)),
    "chat.getPermalink": Method(WebApi.get_permalink, 0),
    "reactions.add": Method(WebApi.add_reaction, 3, ("reactions:write",)),
    "reactions.remove": Method(WebApi.remove_reaction, 2, ("reactions:write",)),
    "reactions.get": Method(WebApi.get_reactions, 3, ("reactions:read",)),
    "views.open": Method(WebApi.views_open, 4),
    "views.push": Method(WebApi.views_push, 4),
    "views.update": Method(WebApi.views_update, 4),
    "views.publish": Method(WebApi.views_publish, 4),
    "conversations.open": Method(WebApi.conversations_open, 3, ("im:write",)),
    "conversations.info": Method(WebApi.conversations_info, 3),
    "conversations.list": Method(WebApi.conversations_list, 2),
    "conversations.members": Method(WebApi.conversations_members, 4),
    "conversations.join": Method(WebApi.conversations_join, 3, ("channels:join",)),
    "conversations.leave": Method(WebApi.conversations_leave, 3, ("channels:manage", "groups:write")),
    "conversations.history": Method(WebApi.conversations_history, 3),
    "conversations.replies": Method(WebApi.conversations_replies, 3),
    "users.info": Method(WebApi.users_info, 4, ("users:read",)),
    "users.list": Method(WebApi.users_list, 2, ("users:read",)),
    "users.lookupByEmail": Method(WebApi.users_lookup_by_email, 3, ("users:read.email",)),
    "users.conversations": Method(WebApi.users_conversations, 3),
    "usergroups.list": Method(WebApi.usergroups_list, 2, ("usergroups:read",)),
    "usergroups.users.list": Method(WebApi.usergroups_users_list, 2, ("usergroups:read",)),
    "files.getUploadURLExternal": Method(WebApi.upload_url, 4, ("files:write",)),
    "files.completeUploadExternal": Method(WebApi.complete_upload, 4, ("files:write",)),
    "files.info": Method(WebApi.files_info, 4, ("files:read",)),
}

_KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
_READ = {"channel": "channels:read", "group": "groups:read", "im": "im:read"}
_HISTORY = {"channel": "channels:history", "group": "groups:history", "im": "im:history"}


def _check_token(token: str, wanted: str) -> None:
    if not token:
        raise Refused("not_authed")
    if token not in (people.BOT_TOKEN, people.APP_TOKEN):
        raise Refused("invalid_auth")
    if token != wanted:
        raise Refused("not_allowed_token_type")


def _refuse(error: str, messages: list[str]) -> None:
    if messages:
        raise Refused(error, " ".join(messages), response_metadata={"messages": messages})


# Without one of these an attachment shows nothing, and is none.
_SAYING = ("blocks", "fallback", "fields", "footer", "image_url", "pretext", "text", "thumb_url", "title")


def _blocks_of(attachment: Json) -> Any:
    blocks = attachment.get("blocks")
    return [] if blocks is None else blocks


def _readable(message: Json, *, metadata: bool = False) -> Json:
    """A message as history gives it: of its metadata only the type, unless all was asked for."""
    if "metadata" not in message or metadata:
        return message
    return message | {"metadata": {"event_type": message["metadata"].get("event_type")}}
