"""Socket Mode: the app's connections, envelopes to one of them, acks within three seconds, events sent again."""

import asyncio
import contextlib
import json
import uuid
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from playground.clock import Clock
from playground.people import APP_ID
from playground.strict_json import parse_json

Json = dict[str, Any]

ACK_SECONDS = 3.0
EVENT_RETRY_SECONDS = (0.0, 60.0, 300.0)  # after the first attempt, the second, the third
MOST_CONNECTIONS = 10
DELIVERIES_KEPT = 10_000
CONNECTION_SECONDS = 18_060  # what hello announces as the life of a connection
TICKET_SECONDS = 30
LEAVING_SECONDS = 10  # how long a connection lives on that was asked to leave


class NoAnswer(Exception):
    """The app did not ack. `error` is what Slack shows for it."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass
class Delivery:
    """One envelope sent, and when its ack came. Times are epoch seconds; `answered` holds the ack's payload."""

    envelope: Json
    name: str
    sent_at: float
    answered: asyncio.Future[object]
    retry_attempt: int = 0
    acked_at: float | None = None

    @property
    def id(self) -> str:
        return str(self.envelope["envelope_id"])

    @property
    def late(self) -> bool:
        return self.acked_at is not None and self.acked_at - self.sent_at > ACK_SECONDS

    def report(self) -> Json:
        latency = None if self.acked_at is None else round((self.acked_at - self.sent_at) * 1000, 1)
        return {
            "envelope_id": self.id, "type": self.envelope["type"], "name": self.name, "sent_at": self.sent_at,
            "retry_attempt": self.retry_attempt, "latency_ms": latency,
            "late": self.late,
        }  # fmt: skip


@dataclass
class Connection:
    socket: WebSocket
    transport: asyncio.Transport | None
    outgoing: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    leaving: bool = False

    def send(self, frame: Json) -> None:
        self.outgoing.put_nowait(json.dumps(frame))


class SocketMode:
    """Hands envelopes to the app. `on_change` is called when the app connects or its last connection ends."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.connections: list[Connection] = []
        self.seen = False  # whether anybody ever connected
        self.deliveries: deque[Delivery] = deque(maxlen=DELIVERIES_KEPT)
        self.on_change: Callable[[], None] = lambda: None
        self._tickets: dict[str, float] = {}
        self._sent: dict[str, Delivery] = {}
        self._turn = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        return bool(self.connections)

    # --- connections

    def new_ticket(self) -> str:
        ticket = str(uuid.uuid4())
        self._tickets[ticket] = self.clock.now()
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from the WebSocket's opening to its end."""
        issued = self._tickets.pop(socket.query_params.get("ticket", ""), None)
        if issued is None or self.clock.now() - issued > TICKET_SECONDS:
            await socket.close(code=1008, reason="invalid ticket")
            return
        await socket.accept()
        connection = Connection(socket, socket.scope.get("playground.transport"))
        if sum(not other.leaving for other in self.connections) >= MOST_CONNECTIONS:
            refusal = {"type": "disconnect", "reason": "too_many_websockets", "num_connections": MOST_CONNECTIONS}
            await socket.send_json(refusal | {"connection_info": {"app_id": APP_ID}})
            await socket.close()
            return
        was_connected = self.connected
        self.connections.append(connection)
        self.seen = True
        hello = {"type": "hello", "num_connections": len(self.connections), "connection_info": {"app_id": APP_ID}}
        hello["debug_info"] = {"host": "playground", "approximate_connection_time": CONNECTION_SECONDS}
        connection.send(hello)
        if not was_connected:
            self.on_change()
        writer = asyncio.create_task(self._write(connection))
        try:
            while True:
                self._receive(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            pass  # gone, by its own will or ours
        finally:
            writer.cancel()
            self._forget(connection)

    async def _write(self, connection: Connection) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await connection.socket.send_text(await connection.outgoing.get())

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            if not self.connected:
                self.on_change()

    def _receive(self, raw: str) -> None:
        try:
            ack = parse_json(raw)
        except ValueError:
            return
        envelope_id = ack.get("envelope_id") if isinstance(ack, dict) else None
        delivery = self._sent.get(envelope_id or "")
        if delivery is None:
            return
        if delivery.acked_at is None:
            delivery.acked_at = self.clock.now()
        if not delivery.answered.done() and not delivery.late:
            delivery.answered.set_result(ack.get("payload"))

    # --- envelopes

    async def ask(self, envelope_type: str, name: str, payload: Json, *, wants_payload: bool = True) -> Any:
        """Send one envelope; the payload of its ack (None when it had none), or NoAnswer after three seconds."""
        envelope: Json = {"type": envelope_type, "payload": payload, "accepts_response_payload": wants_payload}
        delivery = self._dispatch(envelope, name)
        if delivery is None:
            raise NoAnswer("dispatch_failed")
        if not await self._acked_by(delivery, delivery.sent_at + ACK_SECONDS):
            raise NoAnswer("operation_timeout")
        return delivery.answered.result()

    def event(self, name: str, payload: Json) -> None:
        """Send an event in the background, and again until it is acked or its last attempt failed."""
        first = self._dispatch(_event_envelope(payload, 0), name)
        self._background(self._until_acked(first, name, payload))

    async def _until_acked(self, delivery: Delivery | None, name: str, payload: Json) -> None:
        given_up_at = self.clock.now() + ACK_SECONDS
        for attempt, pause in enumerate(EVENT_RETRY_SECONDS, start=1):
            if await self._acked_by(delivery, given_up_at):
                return
            again_at = given_up_at + pause
            await self.clock.sleep_until(again_at)
            delivery = self._dispatch(_event_envelope(payload, attempt), name, attempt)
            given_up_at = max(self.clock.now(), again_at) + ACK_SECONDS
        await self._acked_by(delivery, given_up_at)

    async def _acked_by(self, delivery: Delivery | None, moment: float) -> bool:
        if delivery is None:  # nobody was there to ack
            await self.clock.sleep_until(moment)
            return False
        in_time = await self.clock.wait_until(delivery.answered, moment)
        if not in_time:
            delivery.answered.cancel()
        return in_time

    async def settled(self, seconds: float) -> bool:
        """True when every envelope on its way has been acked or given up, within so many real seconds."""
        waiting = [delivery.answered for delivery in self.deliveries if not delivery.answered.done()]
        if not waiting:
            return True
        _, pending = await asyncio.wait(waiting, timeout=seconds)
        return not pending

    def _dispatch(self, envelope: Json, name: str, attempt: int = 0) -> Delivery | None:
        """Put an envelope on one connection, each in its turn; None when there is none."""
        if not self.connections:
            return None
        answered: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        envelope = {"envelope_id": str(uuid.uuid4()), **envelope}
        return self._send(Delivery(envelope, name, self.clock.now(), answered, attempt))

    def redeliver(self, envelope_id: str = "") -> str | None:
        """Send this envelope (the last one) once more, as Slack now and then does.

        Its id, or None when there is no such envelope, or nobody to send it to.
        """
        sent = self._sent.get(envelope_id) if envelope_id else next(reversed(self.deliveries), None)
        if sent is None or not self.connections:
            return None
        return self._send(Delivery(sent.envelope, sent.name, self.clock.now(), sent.answered)).id

    def _send(self, delivery: Delivery) -> Delivery:
        if len(self.deliveries) == DELIVERIES_KEPT:
            self._sent.pop(self.deliveries[0].id, None)
        self.deliveries.append(delivery)
        self._sent[delivery.id] = delivery
        self._next_connection().send(delivery.envelope)
        return delivery

    def _next_connection(self) -> Connection:
        """Each in its turn; one that was asked to leave only while there is no other."""
        choices = [connection for connection in self.connections if not connection.leaving] or self.connections
        self._turn += 1
        return choices[self._turn % len(choices)]

    # --- ending connections

    def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew. The old connections serve until it did, and are closed soon after."""
        for connection in self.connections:
            connection.leaving = True
            connection.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "playground"}})
        self._background(self._end(list(self.connections)))

    async def _end(self, connections: list[Connection]) -> None:
        await self.clock.sleep_until(self.clock.now() + LEAVING_SECONDS)
        await self._close(connections)

    async def cut(self) -> None:
        """Close every connection properly, as a proxy does that had enough."""
        await self._close(list(self.connections))

    async def _close(self, connections: list[Connection]) -> None:
        for connection in connections:
            self._forget(connection)
            if connection.socket.client_state is WebSocketState.CONNECTED:
                with contextlib.suppress(RuntimeError):  # it closed itself in this moment
                    await connection.socket.close(code=1001)
            if connection.transport is not None:
                connection.transport.close()

    def kill(self) -> None:
        """Drop every connection without a word, as a broken network does."""
        for connection in list(self.connections):
            self._forget(connection)
            if connection.transport is not None:
                connection.transport.abort()

    async def close(self) -> None:
        """The workspace stops: say so to every connection, end them all, and let nobody wait for an ack any more."""
        self.refresh("warning")
        await asyncio.sleep(0.05)  # lets the writers send it
        await self.cut()
        for delivery in self.deliveries:
            delivery.answered.cancel()
        for task in self._tasks:
            task.cancel()

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _event_envelope(payload: Json, attempt: int) -> Json:
    envelope: Json = {"type": "events_api", "payload": payload, "accepts_response_payload": False}
    return envelope | {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
