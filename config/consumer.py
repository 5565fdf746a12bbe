"""A worker that outlives its broker: an acknowledgement that was lost makes it connect anew.

Celery notes a failed acknowledgement and goes on. The message then counts as being worked on for ever. With one such
message a worker process the worker may fetch no more, waits for nothing, and never sees that its connection is dead.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from celery.worker.consumer import Consumer
from kombu.message import Message


class WatchedConsumer(Consumer):
    """Looks at every acknowledgement once it was tried."""

    hub: Any

    def register_with_event_loop(self, hub: Any) -> None:
        """Each connection begins with nothing in doubt."""
        self._tried: list[Message] = []
        hub.on_tick.add(self._require_acknowledged)
        super().register_with_event_loop(hub)

    def call_soon_ack(self, p: Any, *args: Any, **kwargs: Any) -> Any:
        """Celery acknowledges through here: what it calls is a method of the message."""
        called = super().call_soon_ack(p, *args, **kwargs)  # type: ignore[misc]  # the stubs are older
        message = getattr(p, "__self__", None)
        if isinstance(message, Message) and self.hub is not None:
            self.hub.call_soon(partial(self._note, message))  # after it, therefore
        return called

    def _note(self, message: Message) -> None:
        self._tried.append(message)

    def _require_acknowledged(self) -> None:
        """Raised inside the worker's loop, an error of the connection is what it is: Celery connects again."""
        tried, self._tried = self._tried, []
        if not all(message.acknowledged for message in tried):
            raise ConnectionError("An acknowledgement did not reach the broker.")
