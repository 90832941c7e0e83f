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

    app.action(ids.CLAIM)(answering(actions.claim, bot))
    app.action(ids.ESCALATE)(answering(actions.open_escalate_form, bot))
    app.action(ids.RESOLVE)(answering(actions.open_resolve_form, bot))
    app.action(ids.REOPEN)(answering(actions.open_reopen_form, bot))
    app.action(ids.MORE)(answering(actions.more, bot))
    app.action(re.compile(f"^({ids.IMPACT}|{ids.URGENCY})$"))(answering(forms.show_priority, bot))

    app.view(ids.REPORT)(answering(forms.report, bot))
    app.view(ids.ESCALATE_FORM)(answering(forms.escalate, bot))
    app.view(ids.RESOLVE_FORM)(answering(forms.resolve, bot))
    app.view(ids.REOPEN_FORM)(answering(forms.reopen, bot))

    app.event("message")(listening(events.message, bot))
    app.event("app_mention")(listening(events.mention, bot))
    app.event("member_joined_channel")(listening(events.joined, bot))
    app.event("member_left_channel")(listening(events.left, bot))
    app.event(re.compile("^channel_|^group_"))(listening(events.channel_changed, bot))

    # What nothing above wants must be acked all the same, or Slack shows an error or sends it again.
    app.command(ANYTHING)(answering(actions.nothing, bot))
    app.action(ANYTHING)(answering(actions.outdated, bot))
    app.view(ANYTHING)(answering(actions.nothing, bot))
    app.view_closed(ANYTHING)(answering(actions.nothing, bot))
    app.shortcut(ANYTHING)(answering(actions.nothing, bot))
    app.options(ANYTHING)(answering(actions.nothing, bot))
    app.event(ANYTHING)(listening(events.nothing, bot))
