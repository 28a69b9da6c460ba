"""`waypost serve`: API, desk, board, the index's upkeep and the sources' schedule in one process that owns the data."""

from __future__ import annotations

import logging
import secrets
import signal
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import UsageError, WaypostError
from ui.home import Home, open_home

# The web framework is imported once the directory is owned: a second server is to be told so at once.
if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.answering.pipeline import Assistant
    from assistant.index.generation import OwnedIndex
    from ui.intake import Intake
    from ui.notify.notifier import NotifierThread

log = logging.getLogger(__name__)

_LOOK_S = 0.5
_HEALTH_EVERY = 60


def run(data: Path | None, config: Path | None, *, host: str | None, port: int | None, announce: str = "") -> None:
    """Serve until stopped.

    Raises:
        DataDirectoryError: there is no data directory yet. DirectoryInUse: another process owns it.
        UsageError: the address cannot be listened on.
    """
    home = open_home(data, config)
    ownership = home.own("waypost serve")
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _end)
    try:
        listener = _listen(host or home.settings.server.host, home.settings.server.port if port is None else port)
        url = _url(listener)
        token = secrets.token_urlsafe(32)
        import uvicorn

        from ui.first_look import FirstLook
        from ui.gap_upkeep import GapUpkeep
        from ui.intake import Intake
        from ui.schedule import Schedule
        from ui.syncing import sources_of

        index = home.owned_index()
        intake = Intake(home, index, serving=True)
        assistant = home.assistant(index, lambda: index.name)
        app = build_app(home, index, assistant, token, url, intake)
        upkeep = Upkeep(index)
        upkeep.start()
        _load_chat_model(home)
        first_look = FirstLook(assistant, home.knowledge, home.generations.last_seq)
        first_look.start()
        schedule = Schedule(sources_of(home), intake)
        schedule.start()
        gap_upkeep = GapUpkeep(home, index)
        gap_upkeep.start()
        telling = _telling(home)
        telling.start()
        ownership.announce(url=url, token=token)
        print(announce.replace("{url}", url) or _greeting(url), flush=True)
        try:
            uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5)).run(
                sockets=[listener]
            )
        finally:
            telling.stop()
            schedule.stop()
            gap_upkeep.stop()
            first_look.stop()
            upkeep.stop()
            index.close()
    finally:
        ownership.release()
        home.close()


def _telling(home: Home) -> NotifierThread:
    """The thread that sends webhooks and mail; without any in the settings it has nothing to do."""
    from assistant.store.digests import Digests
    from assistant.store.log_state import LogState
    from ui.notify.news import news
    from ui.notify.notifier import Notifier, NotifierThread
    from ui.notify.targets import targets

    named = targets(home.settings.notify, Digests(home.database), home.settings.desk.name)
    return NotifierThread(Notifier(lambda: news(home.gap_log), named, LogState(home.database)))


def _load_chat_model(home: Home) -> None:
    """Load the chat model apart from the start: its package takes seconds to import, which no draft should pay."""
    model = home.chat_model
    if model is None:
        return

    def load() -> None:
        try:
            model.load()
        except WaypostError as error:
            log.warning("%s Until then drafts are extractive.", error)

    threading.Thread(target=load, name="chat-model-load", daemon=True).start()


def build_app(home: Home, index: OwnedIndex, assistant: Assistant, token: str, url: str, intake: Intake) -> FastAPI:
    """The whole application over an opened data directory."""
    from assistant.api.app import create_app
    from assistant.api.auth import Doorkeeper
    from assistant.api.services import IndexStatus, Services
    from ui.pages import mount_pages

    desk = home.desk(assistant)
    services = Services(
        desk=desk,
        database=home.database,
        knowledge=home.knowledge,
        corpus=home.corpus,
        intake=intake,
        index=lambda: IndexStatus(index.name, index.state, index.notice),
        gap_log=home.gap_log,
        retest=lambda: home.retest(index),
    )
    section = home.settings.server
    doorkeeper = Doorkeeper(home.keys, token)
    app = create_app(
        services, doorkeeper, allowed_origins=section.allowed_origins, max_body_bytes=section.max_body_bytes
    )
    return mount_pages(app, doorkeeper, url)


class Upkeep(threading.Thread):
    """Opens the index, then keeps it in step with the store and looks after its health, apart from requests."""

    def __init__(self, index: OwnedIndex) -> None:
        super().__init__(name="index-upkeep", daemon=True)
        self._index = index
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until stopped; a failure is tried again with growing pauses, answers come from the store meanwhile."""
        pause, looks = _LOOK_S, 0
        while not self._stopping.wait(pause if looks else 0.0):
            looks += 1
            try:
                self._index.apply()
                if looks % int(_HEALTH_EVERY / _LOOK_S) == 0:
                    self._index.healthy()
                pause = _LOOK_S
            except WaypostError as error:
                pause = min(pause * 2, 60.0)
                log.warning("index upkeep: %s; next try in %.0f s", error, pause)
            except Exception:
                pause = min(pause * 2, 60.0)
                log.exception("index upkeep failed; next try in %.0f s", pause)

    def stop(self) -> None:
        """End after the work in hand."""
        self._stopping.set()
        self.join(timeout=60)


def _end(_signal: int, _frame: object) -> None:
    """End without an error. Uvicorn raises the signal anew when it is done, before the index is closed."""
    raise SystemExit(0)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Stop the program that uses it, or choose "
            "another one with --port (0 takes a free one)."
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _greeting(url: str) -> str:
    return (
        f"Waypost is running.\n  desk   {url}/desk\n  board  {url}/board\n  API    {url}/docs\n"
        "Sign in with an API key: `waypost keys create NAME --role admin`. Ctrl-C stops."
    )
