"""The system's git as a reader: no shell, no hooks, no prompts, no configuration but ours, bounded in time and size.

The address is checked as every other is, and git connects to the address that was checked. What is fetched
is one commit without its history.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from assistant.errors import SourceError
from ingest.net.addresses import Resolver, checked_addresses, refuse_odd_address, shown, system_resolver

_SCP = re.compile(r"(?P<user>[A-Za-z0-9._][A-Za-z0-9._-]*)@(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*):(?P<path>[^-].*)")
_REF = re.compile(r"(?!-)[A-Za-z0-9._/-]{1,200}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class GitLimits:
    """Seconds for one command, bytes of everything fetched."""

    seconds: float = 600.0
    total_bytes: int = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Remote:
    """A checked address: the protocol that git may use, its host (empty for this machine), the port."""

    address: str
    protocol: str
    host: str = ""
    port: int = 0


def remote(address: str) -> Remote:
    """The repository at an https, http or ssh address, at `user@host:path`, or in a folder of this machine.

    Raises:
        SourceError: anything else, or what git could take for an option or a command.
    """
    if any(ord(c) < 33 for c in address) or address.startswith("-") or "::" in address:
        raise SourceError(f"Expected the address of a repository, found {address[:100]!r}.", retry=False)
    if address.startswith(("https://", "http://")):
        refuse_odd_address(address)
        parts = urlsplit(address)
        return Remote(
            address, parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        )
    if address.startswith("ssh://"):
        parts = urlsplit(address)
        if not parts.hostname or parts.hostname.startswith("-") or parts.password or not parts.path.strip("/"):
            raise SourceError(f"Expected ssh://user@host/path, found {shown(address)!r}.", retry=False)
        return Remote(address, "ssh", parts.hostname, parts.port or 22)
    if scp := _SCP.fullmatch(address):
        return Remote(address, "ssh", scp["host"], 22)
    folder = Path(address.removeprefix("file://")).expanduser()
    if not folder.is_dir():
        raise SourceError(f"Expected a repository at {address[:200]}, found no folder. Check the path.", retry=False)
    return Remote(f"file://{folder.resolve()}", "file")


@dataclass
class Repository:
    """A bare copy in `folder` of one commit at a time, with a plain tree of its files beside it."""

    folder: Path
    remote: Remote
    token: str = field(default="", repr=False)
    user: str = "x-access-token"
    private_hosts: Collection[str] = ()
    resolve: Resolver = system_resolver
    limits: GitLimits = field(default_factory=GitLimits)
    wait: Callable[[float], object] = time.sleep

    @property
    def tree(self) -> Path:
        """Where `checked_out` puts the files."""
        return self.folder / "tree"

    def fetched(self, ref: str) -> str:
        """The commit that `ref` (a branch or tag, empty for the default branch) names now, fetched.

        Raises:
            SourceError: with git's own last line.
        """
        if ref and not _REF.fullmatch(ref):
            raise SourceError(f"Expected a branch or tag, found {ref[:100]!r}.", retry=False)
        if not (self._bare / "HEAD").is_file():
            shutil.rmtree(self._bare, ignore_errors=True)
            self._bare.mkdir(parents=True)
            self._git("init", "--quiet", "--bare", "--template=", "--", str(self._bare), inside=False)
        self._forget_locks()
        wanted = ref or "HEAD"
        self._git(
            "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
            "--no-auto-gc", "--force", "--", self.remote.address, f"{wanted}:refs/waypost/tip", network=True,
        )  # fmt: skip
        found = self._git("rev-parse", "--verify", "--quiet", "refs/waypost/tip^{commit}").decode().strip()
        if not _COMMIT.fullmatch(found):
            raise SourceError(f"Expected a commit, found {found[:80]!r}.")
        return found

    def checked_out(self, commit: str) -> Path:
        """The files of `commit`, links as plain files, nothing else in the folder."""
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.mkdir(parents=True)
        self._forget_locks()
        self._git("--work-tree", str(self.tree), "checkout", "--quiet", "--force", "--detach", commit, "--")
        return self.tree

    def renamed(self, old: str, new: str) -> list[tuple[str, str]]:
        """Paths that `new` holds under another name than `old`; none when `old` is not known here any more."""
        if not _COMMIT.fullmatch(old) or self._status("cat-file", "-e", f"{old}^{{commit}}") != 0:
            return []
        listed = self._git("diff", "--no-ext-diff", "--name-status", "-z", "-M60%", "--diff-filter=R", old, new, "--")
        parts = listed.decode("utf-8", "surrogateescape").split("\0")
        return [(parts[at + 1], parts[at + 2]) for at in range(0, len(parts) - 2, 3)]

    @property
    def _bare(self) -> Path:
        return self.folder / "repository.git"

    def _forget_locks(self) -> None:
        """Of a git that was killed: one process owns the data directory, so no other git is at work here."""
        for lock in (*self._bare.glob("*.lock"), *self._bare.glob("refs/**/*.lock")):
            lock.unlink(missing_ok=True)

    def _status(self, *arguments: str) -> int:
        return subprocess.run(
            self._command(arguments, inside=True), env=self._environment(()), capture_output=True, check=False,
            stdin=subprocess.DEVNULL, timeout=self.limits.seconds,
        ).returncode  # fmt: skip

    def _git(self, *arguments: str, inside: bool = True, network: bool = False) -> bytes:
        settings = self._connection() if network else ()
        errors = self.folder / "git-errors.txt"
        output = self.folder / "git-output.txt"
        with errors.open("wb") as err, output.open("wb") as out:
            process = subprocess.Popen(
                self._command(arguments, inside=inside), env=self._environment(settings), stdin=subprocess.DEVNULL,
                stdout=out, stderr=err, start_new_session=True,
            )  # fmt: skip
            try:
                self._watched(process)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, 9)
                    process.wait()
        if process.returncode != 0:
            said = errors.read_text("utf-8", "replace").strip().splitlines() or ["nothing"]
            raise SourceError(f"{shown(self.remote.address)}: git {arguments[0]} failed and said: {said[-1][:300]}")
        return output.read_bytes()

    def _watched(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for the process within the limits."""
        end, looks = time.monotonic() + self.limits.seconds, 0
        while True:
            try:
                process.wait(_LOOK_S)
            except subprocess.TimeoutExpired:
                looks += 1
            else:
                return
            self.wait(0)
            if time.monotonic() > end:
                raise SourceError(f"{shown(self.remote.address)}: git took more than {self.limits.seconds:.0f} s.")
            if looks % 10 == 0 and _size(self.folder) > self.limits.total_bytes:
                raise SourceError(
                    f"{shown(self.remote.address)}: expected at most {self.limits.total_bytes:,} bytes, found more.",
                    retry=False,
                )

    def _command(self, arguments: Sequence[str], *, inside: bool) -> list[str]:
        place = ["--git-dir", str(self._bare)] if inside else []
        return ["git", "--no-pager", *place, *arguments]

    def _connection(self) -> tuple[tuple[str, str], ...]:
        """Settings of a command that connects: the checked address, and the key for this host alone."""
        if not self.remote.host:
            return ()
        found = self.remote
        address = checked_addresses(
            found.host, found.port, resolve=self.resolve, private_hosts=frozenset(self.private_hosts)
        )[0]
        if found.protocol == "ssh":
            options = f"-o BatchMode=yes -o ProxyCommand=none -o HostName={address} -o HostKeyAlias={found.host}"
            return (("core.sshCommand", f"ssh {options}"),)
        pinned = f"{found.host}:{found.port}:{f'[{address}]' if ':' in address else address}"
        settings = [("http.curloptResolve", pinned), ("http.followRedirects", "false"), ("http.proxy", "")]
        if self.token:
            from ingest.sources.api import basic

            origin = f"{found.protocol}://{urlsplit(found.address).netloc}/"
            settings.append((f"http.{origin}.extraHeader", f"Authorization: {basic(self.user, self.token)}"))
        return tuple(settings)

    def _environment(self, settings: Sequence[tuple[str, str]]) -> Mapping[str, str]:
        """No configuration of the machine or the person, no prompt, one protocol; keys never on a command line."""
        fixed = (
            ("core.hooksPath", os.devnull), ("core.fsmonitor", "false"), ("core.symlinks", "false"),
            ("core.attributesFile", os.devnull), ("core.autocrlf", "false"), ("submodule.recurse", "false"),
            ("protocol.allow", "never"), (f"protocol.{self.remote.protocol}.allow", "always"), ("gc.auto", "0"),
            ("credential.helper", ""), ("advice.detachedHead", "false"), *settings,
        )  # fmt: skip
        numbered = {f"GIT_CONFIG_KEY_{n}": name for n, (name, _) in enumerate(fixed)}
        numbered |= {f"GIT_CONFIG_VALUE_{n}": value for n, (_, value) in enumerate(fixed)}
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "SSH_AUTH_SOCK", "TMPDIR") if name in os.environ}
        return {
            **kept, **numbered, "GIT_CONFIG_COUNT": str(len(fixed)), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "",
            "GIT_LFS_SKIP_SMUDGE": "1", "LC_ALL": "C",
        }  # fmt: skip


def _size(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).lstat().st_size
            except OSError:
                continue  # a temporary file of git's that is gone again
    return total
