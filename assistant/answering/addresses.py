"""Web addresses and host names in a text: where they are, and what a program would make a link of.

Pure helpers of the guard. A dotted word counts as a host name when its last label is a real top-level
domain; names of files and settings (`prefs.js`, `mail.biff.show_alert`) do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Sort = Literal["url", "host", "local", "dotted"]
"""A link, a bare host name, an address inside the program (`chrome://`), or another dotted word."""

_COUNTRIES = frozenset(
    """ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz
    ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk
    fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir
    is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk
    ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl
    pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc
    td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw""".split()
)
_GENERIC = frozenset(
    """com net org info biz edu gov mil int name pro mobi tel asia cat jobs museum travel coop aero post arpa
    onion xyz top site online store shop club vip live life world today app dev page web cloud tech space
    website host press email digital agency solutions services support systems network center company business
    group team work works zone link click win bid loan men date party review trade science stream download
    racing accountant faith cricket webcam xin wang icu cyou bond sbs cfd quest monster buzz fun fit bar art
    blog news media video photo photos pics pictures gallery games game play casino bet poker money cash
    credit loans finance fund capital bank insurance health care doctor clinic dental pharmacy law legal
    lawyer academy school college university training education courses kids baby family house home homes rent
    land estate properties hotel holiday tours flights cruises city town country berlin london paris tokyo nyc
    miami vegas wien koeln hamburg moscow africa amsterdam global international express delivery supply parts
    tools toys shoes clothing fashion style beauty hair salon jewelry diamonds gold gifts deals sale discount
    coupons market markets marketing coffee beer wine pizza restaurant kitchen recipes menu food farm garden
    green earth eco bio organic energy solar auto car cars bike taxi rocks ninja guru expert tips guide wiki
    social chat community forum forums foundation charity church faith directory domains hosting codes
    software computer security technology engineering consulting management enterprises ventures partners
    associates industries construction builders contractors repair plumbing cleaning storage zip mov foo bar
    new day dad phd prof ing meme nexus rsvp esq lat llc inc ltd gmbh kim lol xxx adult sexy porn dating sucks
    wtf fail lgbt pink red blue black plus one ooo ist swiss scot wales eus gal bzh corsica vlaanderen example
    invalid test localhost local internal lan intranet corp evil attacker""".split()
)
_EXTENSIONS = frozenset(
    """js json css html htm xml txt md pdf doc docx xls xlsx csv rtf log ini cfg conf db sqlite dat bak tmp zip
    gz tar bz2 rar exe msi dll sys bat cmd sh py pl rb app dmg pkg deb rpm apk ipa xpi jar ja png jpg jpeg gif
    svg webp ico mp3 mp4 mov avi wav eml msf mab mbox vcf ics ldif wdseml rdf mo po so lnk desktop service
    plist reg key pem cer crt asc gpg p12 pfx""".split()
)
_LOCAL_SCHEMES = frozenset({"about", "chrome", "resource", "moz-extension", "view-source", "jar"})
_HOSTING = frozenset(
    """github.io gitlab.io netlify.app vercel.app pages.dev workers.dev web.app firebaseapp.com herokuapp.com
    blogspot.com wordpress.com appspot.com azurewebsites.net cloudfront.net amazonaws.com readthedocs.io
    google.com sharepoint.com atlassian.net zendesk.com freshdesk.com""".split()
)
"""Domains under which strangers get pages: a neighbour there is not the same owner."""
_RESERVED = frozenset({"example.com", "example.org", "example.net"})

_URL = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}:[/\\]{2,}|(?<![\w:/\\.])[/\\]{2}(?=[\w-]+\.)|\bwww\d?\.)[^\s<>\"'`\u00ab\u00bb\u201c\u201d]+"
    r"|\b(?:javascript|vbscript|blob|mailto|tel|sms|skype|intent|urn):[^\s<>\"]+"
    r"|\bdata:[\w.+-]*(?:/[\w.+-]*)?[;,][^\s<>\"]*",
    re.IGNORECASE,
)
_DOTTED = re.compile(
    r"(?<![\w@.-])(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:xn--[\w-]{2,59}|[^\W\d_]{2,24})(?![\w-])(?!\.\w)(?::\d+)?(?:/[^\s<>\"]*)?"
)
_USER_HOST = re.compile(r"[^\s@<>\"'(),;:]{1,64}@(?:\[[^\]\s]{2,60}\]|[^\W_][\w-]*(?:\.[\w-]+)+)")
_SLASHES = frozenset({"/", "\\"})
_TRAILING = ".,;:!?)]}'\"*_\u2026\u3002"


@dataclass(frozen=True, slots=True)
class Address:
    """One address as written; `host` is in lower case, empty where there is none."""

    sort: Sort
    text: str
    host: str


def addresses(text: str) -> list[Address]:
    """The addresses of `text` in order: links first, then bare dotted words outside them. E-mail is not among them.

    >>> [(a.sort, a.host) for a in addresses("See https://a.example/x, b.org or prefs.js, not e.g. mail.")]
    [('url', 'a.example'), ('host', 'b.org'), ('dotted', 'prefs.js')]
    """
    rest = _USER_HOST.sub(" ", text)
    urls = [_as_url(match.group().rstrip(_TRAILING)) for match in _URL.finditer(text)]
    rest = _URL.sub(" ", rest)
    return urls + [
        _as_dotted(match.group().rstrip(_TRAILING), in_path=rest[match.start() - 1 : match.start()] in _SLASHES)
        for match in _DOTTED.finditer(rest)
    ]


def emails(text: str) -> list[str]:
    """The e-mail addresses of `text` in order, in lower case.

    >>> emails("Write to Jo.Doe@Mail.example, please.")
    ['jo.doe@mail.example']
    """
    return [match.group().rstrip(_TRAILING).lower() for match in _USER_HOST.finditer(_URL.sub(_kept_mailto, text))]


def _kept_mailto(match: re.Match[str]) -> str:
    return match.group().partition(":")[2] if match.group().lower().startswith("mailto:") else " "


def _as_url(text: str) -> Address:
    scheme = text.partition(":")[0].lower()
    if scheme in _LOCAL_SCHEMES:
        return Address("local", text, "")
    return Address("url", text, host_of(text))


def _as_dotted(text: str, *, in_path: bool) -> Address:
    host = text.partition("/")[0].partition(":")[0]
    last = host.rpartition(".")[2].lower()
    is_path = "/" in text or ":" in text
    named = last in _COUNTRIES or last in _GENERIC or last.startswith("xn--") or not last.isascii()
    if in_path or (last in _EXTENSIONS and not is_path):
        named = False
    return Address("host" if named else "dotted", text, host.lower())


def host_of(url: str) -> str:
    """The host that a browser would contact, in lower case, without user, port and `www.`; empty without one.

    >>> host_of("https://help.example@evil.example:8443/x"), host_of("//www.a.example")
    ('evil.example', 'a.example')
    """
    spelled = url.strip().replace("\\", "/")
    try:
        parts = urlsplit(spelled if "//" in spelled else f"//{spelled}")
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    return host.removeprefix("www.")


def same_owner(host: str, others: Iterable[str]) -> bool:
    """Whether `host` is one of `others` or shares its registered domain with one.

    >>> same_owner("blog.shop.example", ["help.shop.example"]), same_owner("a.github.io", ["b.github.io"])
    (True, False)
    """
    wanted = registered(host)
    return bool(host) and any(host == other or (wanted and wanted == registered(other)) for other in others)


def registered(host: str) -> str:
    """The registered domain of `host`: two labels, three below a `co.uk`; the host itself on shared hosting.

    >>> registered("a.b.example"), registered("www.shop.co.uk"), registered("me.github.io"), registered("10.0.0.1")
    ('b.example', 'shop.co.uk', 'me.github.io', '10.0.0.1')
    """
    labels = host.split(".")
    if labels[-1].isdigit() or len(labels) < 2:
        return host
    pair = ".".join(labels[-2:])
    if pair in _HOSTING:
        return host
    second_level = (
        len(labels) > 2 and labels[-1] in _COUNTRIES and labels[-2] in {"co", "com", "org", "net", "ac", "gov", "edu"}
    )
    return ".".join(labels[-3:]) if second_level else pair


def is_ambiguous(text: str) -> bool:
    """Whether a dotted word may be a file or a host, as far as its ending tells.

    >>> is_ambiguous("backup.zip"), is_ambiguous("prefs.js")
    (True, False)
    """
    last = text.rpartition(".")[2].lower()
    return last in _EXTENSIONS and (last in _COUNTRIES or last in _GENERIC)


def is_reserved(host: str) -> bool:
    """Whether the host is kept for examples (RFC 2606), so that nobody can own it.

    >>> is_reserved("imap.example.com"), is_reserved("example.shop")
    (True, False)
    """
    return host.rpartition(".")[2] in {"example", "test", "invalid"} or registered(host) in _RESERVED


def common_hosts(texts: Iterable[str], *, least: int = 3) -> frozenset[str]:
    """Host names that at least `least` of the texts mention: what a knowledge, not one planted page, vouches for.

    >>> sorted(common_hosts(["use imap.a.example", "imap.a.example", "b.example"], least=2))
    ['imap.a.example']
    """
    counts: dict[str, int] = {}
    for text in texts:
        found = {address.host.removeprefix("www.") for address in addresses(text) if address.sort in ("url", "host")}
        found |= {email.rpartition("@")[2] for email in emails(text)}
        for host in found:
            counts[host] = counts.get(host, 0) + 1
    return frozenset(host for host, count in counts.items() if host and count >= least)
