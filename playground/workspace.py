"""The workspace itself: who is where, what was said, and which of it Slack would refuse."""

import base64
import copy
import re
import secrets
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from playground import emoji, people
from playground.clock import Clock
from playground.feed import Feed
from playground.people import BOT_USER, Channel, User, UserGroup
from playground.refusal import Refused
from playground.text import BROADCASTS, encode, mentions, rich_text

Json = dict[str, Any]

MOST_REACTIONS = 23  # of one person on one message
MOST_EMOJI = 50  # on one message
EPHEMERAL_SECONDS = 600  # how long a page opened later is still shown what was for its person only


@dataclass
class File:
    id: str
    name: str
    title: str
    mimetype: str
    content: bytes
    user: str
    shared: bool = False


class Workspace:
    """All state, in memory. `emit(event, channel)` hands an event to whoever delivers events to the app."""

    def __init__(self, clock: Clock, feed: Feed, bot_name: str, base_url: str) -> None:
        self.clock = clock
        self.feed = feed
        self.bot_name = bot_name
        self.base_url = base_url
        self.users: dict[str, User] = {user.id: user for user in people.users(bot_name)}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in people.channels()}
        self.usergroups: dict[str, UserGroup] = {group.id: group for group in people.usergroups()}
        self.files: dict[str, File] = {}
        self.ephemerals: dict[str, dict[tuple[str, str], Json]] = {user: {} for user in self.users}
        self.emit: Callable[[Json, Channel | None], None] = lambda _event, _channel: None
        self._last_ts = 0

    # --- looking things up

    def user(self, user_id: str) -> User:
        if user_id not in self.users:
            raise Refused("user_not_found", "There is no such person here.")
        return self.users[user_id]

    def channel_for(self, user_id: str, channel_id: str) -> Channel:
        """The conversation, if this user may know of it: private ones are hidden from outsiders."""
        channel = self.channels.get(channel_id)
        if channel is None or ((channel.is_private or channel.is_im) and user_id not in channel.members):
            raise Refused("channel_not_found", "There is no such channel here.")
        return channel

    def visible_channels(self, user_id: str) -> list[Channel]:
        return [
            channel
            for channel in self.channels.values()
            if user_id in channel.members or not (channel.is_private or channel.is_im)
        ]

    def message(self, channel: Channel, ts: str) -> Json:
        message = channel.messages.get(ts)
        if message is None or message.get("subtype") == "tombstone":
            raise Refused("message_not_found", "This message is gone.")
        return message

    def open_im(self, one: str, other: str) -> Channel:
        """The direct conversation of two users, opened when it is their first."""
        for channel in self.channels.values():
            if channel.is_im and set(channel.members) == {one, other}:
                return channel
        person, partner = (other, one) if one == BOT_USER else (one, other)
        suffix = "" if partner == BOT_USER else partner[1:]
        channel = Channel(f"D{person[1:]}{suffix}", "directmessage", [person, partner], is_im=True)
        self.channels[channel.id] = channel
        self._tell_channel(channel)
        return channel

    # --- messages

    def new_ts(self) -> str:
        """Microseconds since the epoch as Slack writes them; no two are alike in the workspace."""
        self._last_ts = max(self._last_ts + 1, int(self.clock.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def encode(self, typed: str) -> str:
        names = {f"@{word}": f"<!{word}>" for word in BROADCASTS}
        names |= {f"@{group.handle}": f"<!subteam^{group.id}>" for group in self.usergroups.values()}
        names |= {f"#{channel.name}": f"<#{channel.id}|>" for channel in self.channels.values() if channel.is_private}
        names |= {
            f"#{channel.name}": f"<#{channel.id}|{channel.name}>"
            for channel in self.channels.values()
            if not channel.is_private and not channel.is_im
        }
        for user in self.users.values():
            names |= {f"@{user.name}": f"<@{user.id}>", f"@{user.real_name.lower()}": f"<@{user.id}>"}
        return encode(typed, names)

    def say(
        self, user_id: str, channel: Channel, typed: str, *, thread_ts: str = "", broadcast: bool = False,
        files: Iterable[File] = (),
    ) -> Json:  # fmt: skip
        """A person posts what was typed."""
        text = self.encode(typed)
        message: Json = {"user": user_id, "text": text, "client_msg_id": secrets.token_hex(16)}
        if text:
            message["blocks"] = rich_text(text)
        if shared := list(files):
            message |= {"subtype": "file_share", "files": [self.file_json(file) for file in shared], "upload": False}
        return self.post(channel, message, thread_ts=thread_ts, broadcast=broadcast)

    def post(self, channel: Channel, message: Json, *, thread_ts: str = "", broadcast: bool = False) -> Json:
        """Store a message (Slack's keys, without type and ts) and tell everybody. Membership is the caller's check."""
        if channel.is_archived:
            raise Refused("is_archived", "This channel is archived: nothing can be posted in it.")
        root = self.thread_root(channel, thread_ts) if thread_ts else None
        message = {"type": "message", **message, "ts": self.new_ts(), "team": people.TEAM_ID}
        if root is not None:
            message |= {"thread_ts": root["ts"], "parent_user_id": root["user"]}
            if broadcast:
                message["subtype"] = "thread_broadcast"
        channel.messages[message["ts"]] = message
        if root is not None:
            self._count_replies(channel, root)
        channel.read_until[message["user"]] = message["ts"]
        self._tell_message(channel, message)
        for member in self.feed.watchers():
            if member in channel.members:
                self._tell_unread(channel, member)
        self._emit_message(channel, self._as_event(channel, message))
        bot_called = BOT_USER in mentions(message) and message["user"] != BOT_USER
        if bot_called and not channel.is_im and "subtype" not in message:
            keys = ("user", "text", "ts", "thread_ts", "team", "client_msg_id", "blocks", "files", "bot_id")
            mention = {key: message[key] for key in keys if key in message}
            self._emit_message(
                channel, {"type": "app_mention", **mention, "channel": channel.id, "event_ts": message["ts"]}
            )
        return message

    def edit(self, channel: Channel, ts: str, editor: str, changes: Json) -> Json:
        """Change a message's text, blocks, attachments or metadata; keys set to None go."""
        message = self.message(channel, ts)
        before = copy.deepcopy(message)
        for key, value in changes.items():
            message[key] = value
            if value is None:
                del message[key]
        message["edited"] = {"user": editor, "ts": self.new_ts()}
        self._tell_message(channel, message)
        self._emit_changed(channel, message, before)
        return message

    def edit_typed(self, channel: Channel, message: Json, editor: str, typed: str) -> Json:
        """A person changes what they wrote."""
        text = self.encode(typed)
        return self.edit(channel, message["ts"], editor, {"text": text, "blocks": rich_text(text)})

    def delete(self, channel: Channel, ts: str) -> None:
        """Remove a message; one with replies leaves a tombstone, so that its thread stays."""
        message = self.message(channel, ts)
        before = copy.deepcopy(message)
        if message.get("reply_count"):
            kept = {key: message[key] for key in message if key in _THREAD_KEYS}
            message.clear()
            message |= {"type": "message", "subtype": "tombstone", "text": "This message was deleted.", **kept}
            message |= {"user": "USLACKBOT", "hidden": True}
            self._tell_message(channel, message)
            self._emit_changed(channel, message, before)
            return
        del channel.messages[ts]
        for user in self.feed.watchers():
            if user in channel.members or not (channel.is_private or channel.is_im):
                self.feed.tell(user, {"type": "deleted", "channel": channel.id, "ts": ts})
        root = channel.messages.get(message.get("thread_ts", ""))
        if root is not None:
            self._count_replies(channel, root)
            self._tell_message(channel, root)
        event = {"type": "message", "subtype": "message_deleted", "hidden": True, "deleted_ts": ts}
        self._emit_message(channel, event | self._placed(channel) | {"previous_message": before})

    def react(self, channel: Channel, ts: str, user_id: str, name: str) -> None:
        message = self.message(channel, ts)
        reactions = message.get("reactions", [])
        reaction = next((entry for entry in reactions if entry["name"] == name), None)
        if reaction is not None and user_id in reaction["users"]:
            raise Refused("already_reacted", "You have already reacted with this emoji.")
        if not emoji.known(name):
            raise Refused("invalid_name", f"There is no emoji {name}.")
        if sum(user_id in entry["users"] for entry in reactions) >= MOST_REACTIONS:
            raise Refused("too_many_reactions", "You cannot react more often to one message.")
        if reaction is None:
            if len(reactions) >= MOST_EMOJI:
                raise Refused("too_many_emoji", "This message cannot carry more emoji.")
            reaction = {"name": name, "users": [], "count": 0}
            message["reactions"] = [*reactions, reaction]
        reaction["users"].append(user_id)
        reaction["count"] += 1
        self._reacted(channel, message, user_id, name, "reaction_added")

    def unreact(self, channel: Channel, ts: str, user_id: str, name: str) -> None:
        message = self.message(channel, ts)
        reactions = message.get("reactions", [])
        reaction = next((entry for entry in reactions if entry["name"] == name and user_id in entry["users"]), None)
        if reaction is None:
            raise Refused("no_reaction", "You have not reacted with this emoji.")
        reaction["users"].remove(user_id)
        reaction["count"] -= 1
        if not reaction["users"]:
            reactions.remove(reaction)
        if not reactions:
            del message["reactions"]
        self._reacted(channel, message, user_id, name, "reaction_removed")

    def whisper(self, channel: Channel, user_id: str, message: Json, *, thread_ts: str = "") -> Json:
        """Show something to one person only; it is no part of the channel's history."""
        message = {"type": "message", **message, "ts": self.new_ts(), "channel": channel.id, "ephemeral": True}
        if thread_ts:
            message["thread_ts"] = self.thread_root(channel, thread_ts)["ts"]
        self.ephemerals[user_id][channel.id, message["ts"]] = message
        self.feed.tell(user_id, {"type": "ephemeral", "message": message})
        return message

    def rewrite_whisper(self, user_id: str, key: tuple[str, str], changes: Json) -> None:
        message = self.ephemerals[user_id].get(key)
        if message is None:
            return
        message |= changes
        self.feed.tell(user_id, {"type": "ephemeral", "message": message})

    def drop_whisper(self, user_id: str, key: tuple[str, str]) -> None:
        if self.ephemerals[user_id].pop(key, None) is not None:
            self.feed.tell(user_id, {"type": "ephemeral_deleted", "channel": key[0], "ts": key[1]})

    def recent_whispers(self, user_id: str) -> list[Json]:
        oldest = self.clock.now() - EPHEMERAL_SECONDS
        return [message for message in self.ephemerals[user_id].values() if float(message["ts"]) > oldest]

    # --- members

    def join(self, channel: Channel, user_id: str, inviter: str = "") -> None:
        if channel.is_archived:
            raise Refused("is_archived", "This channel is archived.")
        if user_id in channel.members:
            return
        channel.members.append(user_id)
        channel.read_until[user_id] = self.new_ts()
        self._tell_channel(channel)
        if channel.is_private:  # what was said so far can be read from now on
            for message in channel.messages.values():
                shown = self.page_message(channel, message, user_id)
                self.feed.tell(user_id, {"type": "message", "message": shown})
        joined: Json = {"type": "member_joined_channel", "user": user_id, "channel": channel.id}
        joined |= {"channel_type": "G" if channel.is_private else "C", "team": people.TEAM_ID}
        if inviter:
            joined["inviter"] = inviter
        self.emit(joined | {"event_ts": self.new_ts()}, channel)
        self.post(channel, {"subtype": "channel_join", "user": user_id, "text": f"<@{user_id}> has joined the channel"})

    def leave(self, channel: Channel, user_id: str) -> None:
        if user_id not in channel.members:
            raise Refused("not_in_channel", "They are not in this channel.")
        if not channel.is_archived:
            left = f"<@{user_id}> has left the channel"
            self.post(channel, {"subtype": "channel_leave", "user": user_id, "text": left})
        event = {"type": "member_left_channel", "user": user_id, "channel": channel.id}
        event |= {"channel_type": "G" if channel.is_private else "C", "team": people.TEAM_ID}
        self.emit(event | {"event_ts": self.new_ts()}, channel)
        channel.members.remove(user_id)
        self._tell_channel(channel, also=user_id)

    def archive(self, channel: Channel, user_id: str, *, archived: bool) -> None:
        if channel.is_archived == archived:
            return
        word = "archive" if archived else "unarchive"
        prefix = "group" if channel.is_private else "channel"
        said = {"subtype": f"{prefix}_{word}", "user": user_id, "text": f"<@{user_id}> {word}d the channel"}
        channel.is_archived = False  # so that the notice itself can be posted
        self.post(channel, said)
        channel.is_archived = archived
        self._tell_channel(channel)
        event = {"type": f"{prefix}_{word}", "channel": channel.id, "user": user_id, "event_ts": self.new_ts()}
        self.emit(event, channel)

    def rename(self, channel: Channel, name: str) -> None:
        channel.name = name
        self._tell_channel(channel)
        kind = "group_rename" if channel.is_private else "channel_rename"
        renamed = {"id": channel.id, "name": name, "name_normalized": name, "created": 0, "is_channel": True}
        self.emit({"type": kind, "channel": renamed, "event_ts": self.new_ts()}, channel)

    def change_id(self, channel: Channel, new_id: str) -> None:
        """The conversation goes on under another id, as when it becomes a shared one."""
        old_id = channel.id
        del self.channels[old_id]
        channel.id = new_id
        self.channels[new_id] = channel
        self._tell_channel(channel)
        event = {"type": "channel_id_changed", "old_channel_id": old_id, "new_channel_id": new_id}
        self.emit(event | {"event_ts": self.new_ts()}, channel)

    def deactivate(self, user: User, *, deleted: bool) -> None:
        user.deleted = deleted
        for watcher in self.feed.watchers():
            self.feed.tell(watcher, {"type": "user", "user": self.page_user(user)})
        event = {"type": "user_change", "user": self.user_json(user), "event_ts": self.new_ts()}
        self.emit(event, None)

    # --- reading

    def history(self, channel: Channel) -> list[Json]:
        """What stands in the channel itself, newest first."""
        top = [m for m in channel.messages.values() if not _is_reply(m) or m.get("subtype") == "thread_broadcast"]
        return sorted(top, key=lambda message: message["ts"], reverse=True)

    def thread(self, channel: Channel, ts: str) -> list[Json]:
        """A thread's root and its replies, oldest first; a reply's own ts gives that reply alone."""
        if ts not in channel.messages:
            raise Refused("thread_not_found", "This thread is gone.")
        root = channel.messages[ts]
        if _is_reply(root):
            return [root]
        return [root, *(m for m in channel.messages.values() if m.get("thread_ts") == ts and m["ts"] != ts)]

    def unread(self, channel: Channel, user_id: str) -> int:
        """Messages of others since this member last looked: the channel's own, and replies in threads they are in."""
        since = channel.read_until.get(user_id, "")
        return sum(
            1
            for message in channel.messages.values()
            if message["ts"] > since
            and message["user"] != user_id
            and message.get("subtype") not in _QUIET
            and (not _is_reply(message) or self._follows(channel, message["thread_ts"], user_id))
        )

    def read(self, channel: Channel, user_id: str) -> None:
        channel.read_until[user_id] = self.new_ts()
        self._tell_unread(channel, user_id)

    def _follows(self, channel: Channel, root_ts: str, user_id: str) -> bool:
        root = channel.messages[root_ts]
        return channel.is_im or root["user"] == user_id or user_id in root.get("reply_users", ())

    # --- files

    def add_file(self, user_id: str, name: str, mimetype: str, content: bytes, title: str = "") -> File:
        file = File(f"F0{secrets.token_hex(4).upper()}", name, title or name, mimetype, content, user_id)
        self.files[file.id] = file
        return file

    def add_file_base64(self, user_id: str, sent: Json) -> File:
        """A file as the page sends it: {"name": ..., "mimetype": ..., "content_base64": ...}."""
        match sent:
            case {"name": str(name), "mimetype": str(mimetype), "content_base64": str(content)} if name:
                pass
            case _:
                raise Refused("invalid_file", "A file has a name, a type and content.")
        if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", mimetype, re.ASCII):
            mimetype = "application/octet-stream"  # browsers say nothing of what they do not know
        try:
            return self.add_file(user_id, name, mimetype, base64.b64decode(content, validate=True))
        except ValueError as error:
            raise Refused("invalid_file", f"The file {name} did not arrive whole.") from error

    def file_json(self, file: File) -> Json:
        address = f"{self.base_url}/files/{people.TEAM_ID}-{file.id}"
        name = urllib.parse.quote(file.name, safe="")
        kind = file.name.rpartition(".")[2].lower() if "." in file.name else "binary"
        return {
            "id": file.id, "name": file.name, "title": file.title, "mimetype": file.mimetype, "filetype": kind,
            "size": len(file.content), "user": file.user, "mode": "hosted", "is_external": False, "is_public": True,
            "url_private": f"{address}/{name}", "url_private_download": f"{address}/download/{name}",
            "permalink": f"{address}/{name}",
        }  # fmt: skip

    def permalink(self, channel: Channel, message: Json) -> str:
        link = f"{self.base_url}/archives/{channel.id}/p{message['ts'].replace('.', '')}"
        return f"{link}?thread_ts={message['thread_ts']}&cid={channel.id}" if _is_reply(message) else link

    # --- as Slack's API shows them

    def user_json(self, user: User, *, email: bool = False) -> Json:
        profile = {
            "title": user.title, "real_name": user.real_name, "display_name": user.name, "team": people.TEAM_ID,
            "real_name_normalized": user.real_name, "display_name_normalized": user.name,
        }  # fmt: skip
        if email and not user.is_bot:
            profile["email"] = user.email()
        shown: Json = {
            "id": user.id, "team_id": people.TEAM_ID, "name": user.name, "deleted": user.deleted, "profile": profile,
            "is_bot": user.is_bot, "is_app_user": False, "updated": 0,
        }  # fmt: skip
        if user.deleted:
            return shown  # Slack tells no more of people who left
        return shown | {
            "color": user.color.removeprefix("#"), "real_name": user.real_name,
            "tz": user.tz, "tz_label": user.tz, "tz_offset": user.tz_offset(self.clock.now()),
            "is_admin": False, "is_owner": False, "is_primary_owner": False,
            "is_restricted": False, "is_ultra_restricted": False,
        }  # fmt: skip

    def channel_json(self, channel: Channel) -> Json:
        if channel.is_im:
            partner = channel.partner(BOT_USER)
            return {
                "id": channel.id, "is_im": True, "is_channel": False, "is_group": False, "is_private": True,
                "is_archived": False, "user": partner, "is_user_deleted": self.users[partner].deleted, "is_open": True,
            }  # fmt: skip
        return {
            "id": channel.id, "name": channel.name, "name_normalized": channel.name, "is_im": False, "is_mpim": False,
            "is_channel": not channel.is_private, "is_group": channel.is_private, "is_private": channel.is_private,
            "is_archived": channel.is_archived, "is_general": channel.name == "general",
            "is_member": BOT_USER in channel.members, "num_members": len(channel.members),
            "topic": {"value": channel.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }  # fmt: skip

    # --- as the page shows them

    def page_user(self, user: User) -> Json:
        return {
            "id": user.id, "name": user.name, "real_name": user.real_name, "title": user.title, "tz": user.tz,
            "tz_offset": user.tz_offset(self.clock.now()), "is_bot": user.is_bot, "deleted": user.deleted,
            "color": user.color,
        }  # fmt: skip

    def page_channel(self, channel: Channel, user_id: str) -> Json:
        shown: Json = {
            "id": channel.id, "name": channel.name, "is_private": channel.is_private, "is_im": channel.is_im,
            "is_archived": channel.is_archived, "members": list(channel.members), "topic": channel.topic,
        }  # fmt: skip
        return shown | {"user": channel.partner(user_id)} if channel.is_im else shown

    def page_message(self, channel: Channel, message: Json, user_id: str) -> Json:
        shown = {key: value for key, value in message.items() if key not in _NOT_ON_THE_PAGE}
        if "bot_id" not in message:
            shown.pop("blocks", None)  # a person's words are drawn from the text, formatting and all
        called = mentions(message)
        groups = {group.id for group in self.usergroups.values() if user_id in group.users}
        everyone = user_id in channel.members and message["user"] != user_id and called & set(BROADCASTS)
        shown["mentions_me"] = user_id in called or bool(called & groups) or bool(everyone)
        return shown | {"channel": channel.id}

    def thread_root(self, channel: Channel, thread_ts: str) -> Json:
        """The message a reply in this thread belongs to."""
        root = channel.messages.get(thread_ts)
        if root is None:
            raise Refused("thread_not_found", "This thread is gone.")
        if _is_reply(root):
            raise Refused("cannot_reply_to_message", "A reply has no thread of its own.")
        return root

    # --- telling

    def _count_replies(self, channel: Channel, root: Json) -> None:
        replies = [m for m in channel.messages.values() if m.get("thread_ts") == root["ts"] and m["ts"] != root["ts"]]
        for key in _THREAD_KEYS - {"ts"}:
            root.pop(key, None)
        if replies:
            users = list(dict.fromkeys(reply["user"] for reply in replies))
            root |= {"thread_ts": root["ts"], "reply_count": len(replies), "reply_users": users}
            root |= {"reply_users_count": len(users), "latest_reply": replies[-1]["ts"]}
        for user in self._onlookers(channel):
            self.feed.tell(user, {"type": "message", "message": self.page_message(channel, root, user)})

    def _onlookers(self, channel: Channel) -> list[str]:
        hidden = channel.is_private or channel.is_im
        return [user for user in self.feed.watchers() if not hidden or user in channel.members]

    def _tell_message(self, channel: Channel, message: Json) -> None:
        for user in self._onlookers(channel):
            self.feed.tell(user, {"type": "message", "message": self.page_message(channel, message, user)})

    def _tell_channel(self, channel: Channel, also: str = "") -> None:
        for user in {*self._onlookers(channel), also} - {""}:
            self.feed.tell(user, {"type": "channel", "channel": self.page_channel(channel, user)})

    def _tell_unread(self, channel: Channel, user_id: str) -> None:
        count = self.unread(channel, user_id)
        self.feed.tell(user_id, {"type": "unread", "channel": channel.id, "count": count})

    def _emit_message(self, channel: Channel, event: Json) -> None:
        if BOT_USER in channel.members:
            self.emit(event, channel)

    def _emit_changed(self, channel: Channel, message: Json, before: Json) -> None:
        event = {"type": "message", "subtype": "message_changed", "hidden": True} | self._placed(channel)
        self._emit_message(channel, event | {"message": copy.deepcopy(message), "previous_message": before})

    def _reacted(self, channel: Channel, message: Json, user_id: str, name: str, event_type: str) -> None:
        self._tell_message(channel, message)
        item = {"type": "message", "channel": channel.id, "ts": message["ts"]}
        event = {"type": event_type, "user": user_id, "reaction": name, "item_user": message["user"], "item": item}
        self._emit_message(channel, event | {"event_ts": self.new_ts()})

    def _placed(self, channel: Channel) -> Json:
        ts = self.new_ts()
        return {"channel": channel.id, "channel_type": channel.kind, "ts": ts, "event_ts": ts}

    def _as_event(self, channel: Channel, message: Json) -> Json:
        event = copy.deepcopy(message)
        event |= {"channel": channel.id, "channel_type": channel.kind, "event_ts": message["ts"]}
        if message.get("subtype") == "thread_broadcast":
            event["root"] = copy.deepcopy(channel.messages[message["thread_ts"]])
        return event


_THREAD_KEYS = {"ts", "thread_ts", "reply_count", "reply_users", "reply_users_count", "latest_reply"}
_NOT_ON_THE_PAGE = {"metadata", "client_msg_id", "parent_user_id", "reply_users_count", "team", "upload"}
_QUIET = {"channel_join", "channel_leave", "channel_archive", "channel_unarchive", "group_archive", "tombstone"}


def _is_reply(message: Json) -> bool:
    return bool(message.get("thread_ts")) and message["thread_ts"] != message["ts"]
