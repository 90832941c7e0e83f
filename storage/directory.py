"""What is known of the Slack workspace: channels, who is staff of which tier, direct message channels."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import col

from bot.ports import Channel
from storage.connections import Connections, insert_if_new, insert_into
from storage.tables import ChannelRow, DeactivatedRow, DeliveryRow, DmRow, StaffRow


class Directory(Connections):
    def channels(self) -> Sequence[Channel]:
        """By name."""
        with self.read() as connection:
            rows = connection.execute(select(ChannelRow).order_by(col(ChannelRow.name), col(ChannelRow.id)))
            return [Channel(row.id, row.name, row.is_member, row.is_archived, row.is_private) for row in rows]

    def keep_channels(self, channels: Sequence[Channel], now: datetime) -> None:
        """Replace what was known: a channel that is not among them is gone."""
        rows = [
            {
                "id": channel.id,
                "name": channel.name,
                "is_member": channel.is_member,
                "is_archived": channel.is_archived,
                "is_private": channel.is_private,
                "kept_at": now,
            }
            for channel in channels
        ]
        with self.write() as connection:
            connection.execute(delete(ChannelRow))
            if rows:
                connection.execute(insert(ChannelRow), rows)

    def dm_of(self, user: str) -> str | None:
        with self.read() as connection:
            return connection.scalar(select(col(DmRow.channel)).where(col(DmRow.user) == user))

    def keep_dm(self, user: str, channel: str) -> None:
        with self.write() as connection:
            row = insert_into(connection, DmRow).values(user=user, channel=channel)
            connection.execute(row.on_conflict_do_update(index_elements=["user"], set_={"channel": channel}))

    def keep_staff(self, staff: dict[int, frozenset[str]], now: datetime) -> None:
        joined_since = func.coalesce(col(StaffRow.kept_at) > now, False)
        with self.write() as connection:
            connection.execute(delete(StaffRow).where(~joined_since))
            deactivated = set(connection.scalars(select(col(DeactivatedRow.user))))
            for tier, users in staff.items():
                for user in users - deactivated:
                    insert_if_new(connection, StaffRow, tier=tier, user=user, kept_at=now)

    def staff(self) -> dict[int, frozenset[str]]:
        """Tiers that have any."""
        tiers = defaultdict[int, set[str]](set)
        with self.read() as connection:
            for tier, user in connection.execute(select(col(StaffRow.tier), col(StaffRow.user))):
                tiers[tier].add(user)
        return {tier: frozenset(users) for tier, users in sorted(tiers.items())}

    def join(self, tier: int, user: str, now: datetime) -> None:
        with self.write() as connection:
            connection.execute(delete(DeactivatedRow).where(col(DeactivatedRow.user) == user))
            if not insert_if_new(connection, StaffRow, tier=tier, user=user, kept_at=now):
                there = (col(StaffRow.tier) == tier) & (col(StaffRow.user) == user)
                connection.execute(update(StaffRow).where(there).values(kept_at=now))

    def leave(self, tier: int, user: str) -> None:
        with self.write() as connection:
            connection.execute(delete(StaffRow).where(col(StaffRow.tier) == tier, col(StaffRow.user) == user))

    def deactivated(self) -> frozenset[str]:
        with self.read() as connection:
            return frozenset(connection.scalars(select(col(DeactivatedRow.user))))

    def deactivate(self, user: str) -> None:
        with self.write() as connection:
            insert_if_new(connection, DeactivatedRow, user=user)
            connection.execute(delete(StaffRow).where(col(StaffRow.user) == user))

    def reactivate(self, user: str) -> bool:
        deactivated = col(DeactivatedRow.user) == user
        with self.read() as connection:  # nearly always a no, which need not wait for those who write
            if not connection.scalar(select(col(DeactivatedRow.user)).where(deactivated)):
                return False
        with self.write() as connection:
            return connection.execute(delete(DeactivatedRow).where(deactivated)).rowcount > 0

    def forget_deliveries(self, before: datetime) -> int:
        """How many were forgotten."""
        with self.write() as connection:
            return connection.execute(delete(DeliveryRow).where(col(DeliveryRow.at) < before)).rowcount
