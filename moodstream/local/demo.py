"""`moodstream demo`: everything up, everything prepared, the show, and then it stays up."""

import sys
from collections.abc import Sequence
from urllib.parse import quote

from contracts.brokers import named
from contracts.settings import Settings
from moodstream.client import Client
from moodstream.console import say
from moodstream.local.running import Running, running
from moodstream.prepare import prepare
from moodstream.show import show


def run(settings: Settings, *, once: bool, user: str, items: Sequence[str], mood: str, seed: int) -> None:
    """Raises `Misconfigured` or `Unavailable`; returns after the show with `once`, else on Ctrl-C."""
    with running(settings, say) as stack:
        data = prepare(stack.settings, stack.topic_ids, stack.start_workers)
        with Client(stack.api, settings.api_token) as client:
            say(f"See it in a browser: {stack.page}")
            shown = show(client, data, user=user, items=items, mood=mood, seed=seed)
        if once:
            return
        _say_what_next(stack, shown)
        stack.stack.wait()


def _say_what_next(stack: Running, user: str) -> None:
    settings = stack.settings
    say(f"""Try next (Ctrl-C stops everything):
  see it live         {stack.page}#user={quote(user)}
  the API's pages     {stack.api}/docs
  send an event       curl -s {stack.api}/v1/events \\
                        -d '{{"type":"interaction","user_id":"me","item_id":"50","kind":"like"}}'
  ask                 curl -s '{stack.api}/v1/recommendations?user_id=me&n=5'
  from Python         import json, time; from uuid import uuid4; from kafka import KafkaProducer
                      producer = KafkaProducer(bootstrap_servers="{named(settings.kafka or "")}", acks="all")
                      value = json.dumps(dict(type="mood", event_id=uuid4().hex, time=int(time.time() * 1000),
                                              user_id="me", mood="happy")).encode()
                      producer.send("{settings.namespace}.events", key=b"me", value=value).get()
  what runs           {_command()} status""")


def _command() -> str:
    """As this one was called."""
    called = sys.argv[0]
    return called if called.endswith("moodstream") else "moodstream"
