"""Slack in: parse, call one service, answer. Every route is on this page."""

import re

from slack_bolt import App

from bot.services.bot import Bot
from bot.slack import ids
from handlers import actions, commands, events, forms
from handlers.boundary import answering, listening

ANYTHING = re.compile(".*")


def register(app: App, bot: Bot) -> None:
    app.command(ids.COMMAND)(answering(commands.issue, bot))

    app.action(re.compile(f"^({ids.IMPACT}|{ids.URGENCY})$"))(answering(forms.show_priority, bot))
    app.action(ids.MORE)(answering(actions.more, bot))
    app.action(re.compile(f"^{ids.ACT}"))(answering(actions.press, bot))

    app.view(ids.REPORT)(answering(forms.report, bot))
    app.view(re.compile(f"^{ids.ACT_FORM}"))(answering(forms.act, bot))

    app.event("message")(listening(events.message, bot))
    app.event("app_mention")(listening(events.mention, bot))
    app.event("member_joined_channel")(listening(events.joined, bot))
    app.event("member_left_channel")(listening(events.left, bot))
    app.event("user_change")(listening(events.person_changed, bot))
    app.event(re.compile("^channel_|^group_"))(listening(events.channel_changed, bot))

    # What nothing above wants must be acked all the same, or Slack shows an error or sends it again.
    app.command(ANYTHING)(answering(actions.nothing, bot))
    app.action(ANYTHING)(answering(actions.outdated, bot))
    app.view(ANYTHING)(answering(actions.nothing, bot))
    app.view_closed(ANYTHING)(answering(actions.nothing, bot))
    app.shortcut(ANYTHING)(answering(actions.nothing, bot))
    app.options(ANYTHING)(answering(actions.nothing, bot))
    app.event(ANYTHING)(listening(events.nothing, bot))
