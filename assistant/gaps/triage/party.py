"""Who outside the product is named: a mail provider, a security program, a network provider, another program."""

from __future__ import annotations

import re

_NAMES: dict[str, str] = {
    "Norton": r"norton",
    "McAfee": r"mc ?afee",
    "Avast": r"avast",
    "AVG": r"avg",
    "Bitdefender": r"bit ?defender",
    "Kaspersky": r"kaspersky",
    "Malwarebytes": r"malwarebytes",
    "ESET": r"eset",
    "Avira": r"avira",
    "Webroot": r"webroot",
    "Sophos": r"sophos",
    "Trend Micro": r"trend ?micro",
    "Windows Defender": r"(?:windows|microsoft) defender|defender",
    "CCleaner": r"c ?cleaner",
    "Google": r"g-?mail|google ?mail|google|gsuite|g suite|googlemail\.com|gmail\.com",
    "Microsoft": (
        r"hotmail|outlook(?:\.com)?|office ?365|o ?365|microsoft ?365|microsoft|ms ?365|m365|msn|live\.(?:com|co\.uk)|"
        r"exchange server"
    ),
    "Yahoo": r"yahoo|ymail|rocketmail",
    "AOL": r"aol|aim\.com",
    "Apple": r"icloud|me\.com|mac\.com|apple ?mail|apple",
    "AT&T": r"at ?& ?t|att\.net|att|sbcglobal|bellsouth|pacbell|swbell|ameritech",
    "Comcast": r"comcast|xfinity",
    "Spectrum": r"spectrum|charter|road ?runner|twc|time warner|rr\.com|brighthouse",
    "Verizon": r"verizon",
    "Cox": r"cox(?:\.net)?",
    "Frontier": r"frontier(?:net)?(?:\.com|\.net)",
    "CenturyLink": r"century ?link|q\.com",
    "EarthLink": r"earthlink|mindspring",
    "Juno": r"juno",
    "Optimum": r"optonline|optimum\.net",
    "Breezeline": r"breezeline|atlanticbb",
    "BT": r"bt ?(?:internet|mail|connect|openworld)|bt\.com|bt",
    "Virgin Media": r"virgin ?media|ntlworld|blueyonder|virgin\.net",
    "TalkTalk": r"talk ?talk|tiscali",
    "Sky": r"sky\.com|sky ?mail",
    "Plusnet": r"plus ?net",
    "Telstra": r"telstra|big ?pond",
    "Optus": r"optus(?:net)?",
    "iiNet": r"iinet|westnet|tpg|internode",
    "Xtra": r"xtra\.co\.nz",
    "Shaw": r"shaw(?:\.ca)?",
    "Rogers": r"rogers",
    "Telus": r"telus",
    "Bell": r"sympatico|bell\.net|bell canada|bell ?aliant",
    "Orange": r"orange\.fr|wanadoo",
    "Free": r"free\.fr",
    "SFR": r"sfr",
    "La Poste": r"laposte",
    "OVH": r"ovh",
    "Telekom": r"t-online|telekom",
    "GMX": r"gmx",
    "WEB.DE": r"web\.de",
    "1&1 IONOS": r"ionos|1 ?& ?1|1und1",
    "Strato": r"strato",
    "Vodafone": r"vodafone|arcor",
    "Libero": r"libero\.it|libero",
    "Aruba": r"aruba",
    "KPN": r"kpn|ziggo|xs4all",
    "GoDaddy": r"go ?daddy|secureserver",
    "Rackspace": r"rackspace|emailsrvr",
    "Fastmail": r"fastmail",
    "Proton": r"proton ?(?:mail|bridge|vpn)?",
    "Zoho": r"zoho",
    "HostGator": r"host ?gator",
    "Bluehost": r"bluehost|hostmonster|justhost",
    "Namecheap": r"namecheap|privateemail",
    "SiteGround": r"siteground",
    "DreamHost": r"dreamhost",
    "Mailfence": r"mailfence",
    "Yandex": r"yandex",
    "Mail.ru": r"mail\.ru",
    "Dropbox": r"dropbox",
    "OneDrive": r"one ?drive",
    "NordVPN": r"nord ?vpn",
    "Owl": r"owl(?: for exchange)?",
    "TbSync": r"tb ?sync",
    "Samsung": r"samsung",
    "HP": r"hp",
    "Epson": r"epson",
    "Canon": r"canon",
    "PayPal": r"paypal",
    "Stripe": r"stripe\.com",
    "Amazon": r"amazon|aws",
    "DHL": r"dhl",
    "UPS": r"ups\.com",
    "FedEx": r"fed ?ex",
}
_KINDS: dict[str, str] = {
    "antivirus": r"anti-?virus|anti-?malware|virus (?:scanner|checker|software)",
    "firewall": r"firewall",
    "VPN": r"vpn",
    "internet provider": r"isp|internet (?:service )?provider",
    "mail provider": r"(?:e-?mail |mail )?provider|web ?host|hosting(?: company| provider)?",
    "add-on": r"add-?ons?|extensions?|plug-?ins?",
    "Linux package": r"flatpak|snap",
    "operating system": (
        r"(?:windows|mac ?os|os ?x|linux) (?:update|upgrade)|(?:updat\w+|upgrad\w+|switch\w*)(?: \w+){0,4} "
        r"(?:windows 1[01]|mac ?os|sonoma|ventura|sequoia|ubuntu|linux mint|fedora)"
    ),
}


def _compiled(names: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(rf"(?<![\w&])(?:{phrase})(?!\w)", re.IGNORECASE) for name, phrase in names.items()}


_NAMED, _GENERIC = _compiled(_NAMES), _compiled(_KINDS)
_HOST = re.compile(r"(?<![\w.-])(?:imap|pop3?|smtp|mail)[\w-]*\.((?:[a-z0-9-]+\.)+[a-z]{2,})(?![\w-])", re.IGNORECASE)
_WATCHERS = frozenset(list(_NAMES)[:14])  # security and cleaning programs: named seldom, meant when named


def external_party(title: str, text: str, quote: str = "") -> str:
    """The outside party that title or text names most, first of all in `quote`; "" where none is named.

    A known name goes before the domain of a mail server that the contact names, and that before a kind ("antivirus").
    Among names those of security programs weigh double, since a provider is also named where it only says which
    mailbox it is. An operating system counts where it was updated, not where it is only mentioned.

    >>> external_party("Cannot send", "My Gmail works, but since Norton updated itself mail times out.")
    'Norton'
    >>> external_party("Login failed", "It says: login to server pop.example.net failed.")
    'example.net'
    """
    weighed = {name: _weight(cue, name, title, text, quote) for name, cue in _NAMED.items()}
    if not any(weighed.values()):
        if host := _HOST.search(f"{quote}\n{title[:500]}\n{text[:6000]}"):
            return host.group(1).lower()
        weighed = {name: _weight(cue, name, title, text, quote) for name, cue in _GENERIC.items()}
    best = max(weighed, key=lambda name: weighed[name])
    return best if weighed[best] > 0 else ""


def _weight(cue: re.Pattern[str], name: str, title: str, text: str, quote: str) -> float:
    read = text[:6000]
    times = min(3, len(cue.findall(read))) + 2 * bool(cue.search(title[:500])) + 3 * bool(cue.search(quote))
    return times * (2.0 if name in _WATCHERS else 1.0)
