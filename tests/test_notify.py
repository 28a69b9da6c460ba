"""Webhooks and mail: signed, retried, sent once, never to an address inside; against local servers with faults."""

import json
import random
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browser_server import HOSTILE
from making_gaps import state, verdict, view, weeks
from standardwebhooks import Webhook, WebhookVerificationError

from assistant.errors import SettingsError, SourceError
from assistant.gaps.events import Event, closed, digest_ready, measured, slack_payload, spiked, standard_payload
from assistant.records import Retested, StoredDigest
from assistant.settings import MailTarget, Notify, WebhookTarget
from assistant.store.database import open_database, sqlite_url
from assistant.store.digests import Digests
from assistant.store.log_state import LogState
from ingest.net.patience import Patience
from ui.home import open_home
from ui.notify.mail import Mailbox, digest_mail, send
from ui.notify.news import news
from ui.notify.notifier import Notifier
from ui.notify.targets import targets
from ui.notify.webhook import Hook, Outcome, Sender, message_id

NOW = datetime(2026, 7, 28, 9, tzinfo=UTC)
SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
SPIKE = spiked(view(weeks=weeks(1, 2, 40)))
HERE = ("127.0.0.1", "localhost")


@dataclass
class Receiver:
    """A webhook's other end: answers with `plan`, then 204; remembers what it got."""

    url: str = ""
    plan: list[Any] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiver(*plan: Any) -> Iterator[Receiver]:
    here = Receiver(plan=list(plan))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            here.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            answer = here.plan.pop(0) if here.plan else 204
            if answer == "cut":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    here.url = f"http://127.0.0.1:{server.server_port}/hooks/secret-path"
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class HookTarget:
    hook: Hook
    sender: Sender = field(default_factory=lambda: Sender(private_hosts=HERE))

    @property
    def name(self) -> str:
        return self.hook.name

    @property
    def key(self) -> str:
        return self.hook.url

    def wants(self, event: Event) -> bool:
        return not self.hook.events or event.type in self.hook.events

    def send(self, event: Event, now: datetime) -> Outcome:
        return self.sender.send(self.hook, event, now)


@dataclass
class Clock:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def log_state(tmp_path: Path) -> Iterator[LogState]:
    database = open_database(sqlite_url(tmp_path), create=True)
    yield LogState(database)
    database.close()


def notifier(log_state: LogState, hook: Hook, events: Sequence[Event], clock: Clock) -> Notifier:
    patience = Patience(attempts=4, base_s=10.0, cap_s=100.0)
    made = Notifier(lambda: events, [HookTarget(hook)], log_state, patience, clock, random.Random(1))
    quiet = replace(made, events=list)
    quiet.look()  # the hook is known from here on; what comes later is news
    return made


def test_a_standard_webhook_verifies_and_a_changed_one_does_not():
    with receiver() as there:
        outcome = Sender(private_hosts=HERE).send(Hook(there.url, secret=SECRET), SPIKE, datetime.now(UTC))
        assert outcome.delivered
        headers, body = there.got[0]
        payload = Webhook(SECRET).verify(body, headers)
        assert payload["type"] == "theme.spiked"
        assert payload["data"]["theme"] == "T12"
        assert headers["webhook-id"] == message_id(SPIKE)
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body.replace(b"T12", b"T13"), headers)


def test_without_a_secret_nothing_is_signed_and_slack_gets_its_own_shape():
    with receiver() as there:
        assert Sender(private_hosts=HERE).send(Hook(there.url, shape="slack"), SPIKE, NOW).delivered
        headers, body = there.got[0]
        assert "webhook-signature" not in headers
        assert json.loads(body) == {"text": "*sending mail* stands out in 2024-W30 with 40 contacts, 2 to 12 expected."}


@pytest.mark.parametrize("payload", [*HOSTILE, "<!channel> <https://evil.example|click> @here", "*_~`x`"])
def test_words_of_strangers_mention_nobody_and_link_nowhere_in_slack(payload: str):
    text = slack_payload(replace(SPIKE, name=payload))["text"]
    assert "<" not in text
    assert "://" not in text
    assert "@here" not in text
    assert json.loads(json.dumps(standard_payload(replace(SPIKE, name=payload), "now")))["data"]["name"] == payload


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x", "http://localhost:9/x", "http://[::1]:9/x", "http://169.254.169.254/latest", "http://10.0.0.7/x",
        "http://0.0.0.0:9/x", "http://2130706433:9/x", "file:///etc/passwd", "http://user:pw@example.org/", "ftp://example.org/x",
    ],
)  # fmt: skip
def test_inside_addresses_and_odd_ones_are_refused_without_a_request(url: str):
    outcome = Sender().send(Hook(url), SPIKE, NOW)
    assert (outcome.delivered, outcome.retry, outcome.status) == (False, False, 0)
    assert "Expected" in outcome.said or "expected" in outcome.said or "resolved" in outcome.said


def test_a_name_that_answers_with_an_inside_address_is_refused():
    sender = Sender(resolve=lambda _host, _port: ("10.1.2.3",))
    assert not sender.send(Hook("https://hooks.example/x"), SPIKE, NOW).delivered


def test_a_redirect_is_not_followed():
    with receiver((302, {"location": "http://169.254.169.254/"})) as there:
        outcome = Sender(private_hosts=HERE).send(Hook(there.url), SPIKE, NOW)
        assert (outcome.delivered, outcome.retry, outcome.status) == (False, False, 302)
        assert len(there.got) == 1


def test_faults_are_tried_again_with_growing_pauses_until_it_arrives_once(log_state: LogState):
    clock = Clock()
    with receiver(503, "cut", 204) as there:
        teller = notifier(log_state, Hook(there.url, secret=SECRET), [SPIKE], clock)
        assert teller.look() == 0
        assert teller.look() == 0
        assert len(there.got) == 1, "it waits before it tries again"
        clock.at += timedelta(seconds=100)
        assert teller.look() == 0
        clock.at += timedelta(seconds=100)
        assert teller.look() == 1
        assert teller.look() == 0
        assert len(there.got) == 3
        assert len({headers["webhook-id"] for headers, _ in there.got}) == 1, "the receiver can tell a repeat"


def test_it_waits_as_long_as_it_is_asked_to(log_state: LogState):
    clock = Clock()
    with receiver((429, {"retry-after": "900"})) as there:
        teller = notifier(log_state, Hook(there.url), [SPIKE], clock)
        teller.look()
        clock.at += timedelta(seconds=899)
        assert teller.look() == 0
        clock.at += timedelta(seconds=2)
        assert teller.look() == 1


def test_a_refusal_is_final_and_endless_faults_end(log_state: LogState):
    clock = Clock()
    with receiver(401, *[500] * 20) as there:
        first, second = SPIKE, digest_ready("2024-W30", "412 contacts.")
        teller = notifier(log_state, Hook(there.url), [first], clock)
        teller.look()
        for _ in range(10):
            clock.at += timedelta(hours=2)
            replace(teller, events=lambda: [first, second]).look()
        assert len(there.got) == 1 + 4, "one refused for good, one tried four times"


def test_a_restart_sends_nothing_twice_and_old_news_are_no_news(log_state: LogState):
    with receiver() as there:
        hook = Hook(there.url)
        assert notifier(log_state, hook, [SPIKE], Clock()).look() == 1
        again = Notifier(lambda: [SPIKE], [HookTarget(hook)], log_state)
        assert again.look() == 0
        late = Notifier(lambda: [SPIKE], [HookTarget(Hook(there.url + "?new"))], log_state)
        assert late.look() == 0
        assert late.look() == 0
        assert len(there.got) == 1


def test_a_hook_gets_only_the_events_that_it_asked_for(log_state: LogState):
    with receiver() as there:
        hook = Hook(there.url, events=("digest.ready",))
        assert notifier(log_state, hook, [SPIKE, digest_ready("2024-W30", "x")], Clock()).look() == 1
        assert json.loads(there.got[0][1])["type"] == "digest.ready"


def test_the_same_fact_is_the_same_event():
    gap = Retested(1, 2, 9, None, "How?", "closed", "gap", "answered", 0.1, 0.9, ("a",), ("b",), NOW)
    assert closed(gap).id == closed(replace(gap, id=5)).id
    assert measured(state(), verdict(verdict="not enough data yet")) is None
    told = measured(state(), verdict())
    assert told is not None
    assert told.id == "measured:3:fewer contacts"


@contextmanager
def mail_server(*, refuse: bytes = b"") -> Iterator[tuple[int, list[bytes]]]:
    """Speaks enough SMTP for one message."""
    got: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 here\r\n")
            for line in lines:
                word = line[:4].upper()
                if word == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    body = b""
                    while not body.endswith(b"\r\n.\r\n"):
                        body += lines.readline()
                    got.append(body)
                elif word == b"RCPT" and refuse:
                    connection.sendall(refuse + b"\r\n")
                    continue
                connection.sendall(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], got
    finally:
        listener.close()
        thread.join(timeout=5)


DIGEST = StoredDigest("2024-W30", NOW, "# What people wrote about\n", "<!DOCTYPE html><p>hi</p>", "{}")


def mailbox(port: int, **more: Any) -> Mailbox:
    return Mailbox("127.0.0.1", "waypost@desk.example", ("dee@desk.example",), port, **{"tls": "none", **more})


def test_the_digest_goes_by_mail_in_both_forms():
    with mail_server() as (port, got):
        box = mailbox(port)
        send(digest_mail(DIGEST, box, "Fernway"), box, private_hosts=HERE)
        assert b"Subject: Fernway: what people wrote about in 2024-W30" in got[0]
        assert b"text/plain" in got[0]
        assert b"text/html" in got[0]


def test_a_mail_server_inside_is_asked_only_when_it_is_named():
    box = mailbox(25)
    with pytest.raises(SourceError, match="public internet"):
        send(digest_mail(DIGEST, box, "Fernway"), box)


@pytest.mark.parametrize(("said", "retry"), [(b"450 later", True), (b"550 never", False)])
def test_a_refused_mail_says_whether_to_try_again(said: bytes, retry: bool):
    with mail_server(refuse=said) as (port, _):
        box = mailbox(port)
        message = digest_mail(DIGEST, box, "Fernway")
        with pytest.raises(SourceError) as failure:
            send(message, box, private_hosts=HERE)
    assert failure.value.retry == retry


def test_a_line_break_in_a_title_makes_no_header_and_an_unknown_tls_is_refused():
    with pytest.raises(ValueError, match=r"newline|linefeed|carriage"):
        digest_mail(DIGEST, mailbox(25), "Fernway\r\nBcc: all@evil.example")
    with pytest.raises(SettingsError, match="starttls"):
        send(digest_mail(DIGEST, mailbox(25), "x"), mailbox(25, tls="maybe"), private_hosts=HERE)


def test_secrets_come_from_the_environment_and_a_missing_one_stops_the_start(tmp_path: Path):
    database = open_database(sqlite_url(tmp_path), create=True)
    settings = Notify(webhooks=(WebhookTarget(url="https://hooks.example/x", secret_env="HOOK"),))
    found = targets(settings, Digests(database), "Fernway", {"HOOK": SECRET})
    assert (found[0].name, len(found)) == ("hooks.example", 1)
    with pytest.raises(SettingsError, match="HOOK"):
        targets(settings, Digests(database), "Fernway", {})


def test_a_kept_digest_is_mailed_and_told_once_and_an_empty_log_has_no_news(tmp_path: Path):
    home = open_home(tmp_path / "data", create=True)
    try:
        assert news(home.gap_log, NOW) == []
        Digests(home.database).keep("2024-W30", lambda: ("# md", "<p>html</p>", '{"headline": "412 contacts."}'))
        told = news(home.gap_log)
        assert [(event.id, event.text) for event in told] == [("digest:2024-W30", "412 contacts.")]
        with mail_server() as (port, got):
            mail = MailTarget(
                host="127.0.0.1", port=port, tls="none", sender="w@desk.example", recipients=("d@desk.example",)
            )
            named = targets(Notify(mail=mail, private_hosts=HERE), Digests(home.database), "Fernway", {})
            teller = Notifier(list, named, LogState(home.database))
            teller.look()
            assert replace(teller, events=lambda: told).look() == 1
            assert replace(teller, events=lambda: told).look() == 0
            assert len(got) == 1
    finally:
        home.close()
