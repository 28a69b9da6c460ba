"""Seeded support tickets in which every personal thing is marked: the truth that redaction is measured against.

Templates in eight languages are filled with generated people, numbers with correct checksums, product names, and
with what only looks personal: versions, dates, order numbers, error codes, sizes.
"""

# ruff: noqa: E501 (templates and lists of names read best on one line each)
from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import phonenumbers

from assistant.redaction.identifiers import is_iban, passes_luhn

PRODUCTS = (
    "Thunderbird", "Fernway Plus", "Microsoft Outlook", "Windows 11", "macOS Sonoma", "Gmail", "Google Chrome",
    "Fernway Display 10", "iCloud", "Android 14", "Norton 360", "Office 365", "Debian 12", "Exchange Online", "Firefox ESR",
)  # fmt: skip
_PEOPLE = {
    "en-US": ("US", "James Mary Ashley Tyler Oluwaseun Mei Priya Will Mark Grace Bill", "Smith Johnson O'Brien Nguyen Patel Stone Grant Washington-Lee Li Young"),
    "en-GB": ("GB", "Oliver Amelia Harry Isla Siobhan Rose Jack Rajesh", "Jones Taylor Clarke Hughes Okafor Singh King Brown-Evans"),
    "de-DE": ("DE", "Jürgen Heike Lukas Anneliese Björn Ayşe Uwe", "Müller Schröder Weiß Vogel Köhler von Arnim Yılmaz Großmann"),
    "fr-FR": ("FR", "Jean-Luc Amélie François Chloé Zoé Hervé", "Dupré Lefèvre Martin de Villiers Nguyen Garnier"),
    "es-ES": ("ES", "María José Íñigo Lucía Begoña Andrés", "García Núñez Ibáñez de la Cruz Fernández Peña"),
    "it-IT": ("IT", "Giulia Niccolò Matteo Chiara Edoardo", "Rossi Bianchi D'Angelo De Luca Esposito"),
    "nl-NL": ("NL", "Sanne Daan Marieke Joost Femke", "de Vries van den Berg Jansen Bakker Visser"),
    "pl-PL": ("PL", "Łukasz Agnieszka Wojciech Małgorzata Zofia", "Kowalski Wiśniewska Dąbrowski Zieliński"),
}  # fmt: skip
_OPENINGS = {
    "en-US": ("Hi {agent_first},", "Hello {agent},", "Hi there,", "Dear support team,", ""),
    "en-GB": ("Dear {agent},", "Hello,", "Good morning {agent_first},", ""),
    "de-DE": ("Hallo {agent_first},", "Guten Tag {agent},", "Sehr geehrte Damen und Herren,"),
    "fr-FR": ("Bonjour {agent_first},", "Bonjour,"),
    "es-ES": ("Hola {agent_first},", "Buenos días,"),
    "it-IT": ("Ciao {agent_first},", "Buongiorno,"),
    "nl-NL": ("Beste {agent_first},", "Hallo,"),
    "pl-PL": ("Dzień dobry,", "Witam {agent_first},"),
}
_ENGLISH = (
    "My account is {email} and {product} does not load since the update to version {version}.",
    "You can call me at {phone} after {time}, or write to {email}.",
    "My mobile is {phone}.",
    "I was charged twice on card {card}, see order {order} of {date}.",
    "Please refund to {iban}, the amount was {price}.",
    "The card number is {card}, expiry 12/27.",
    "It was {agent} who told me to reinstall {product}, build {build}.",
    "I spoke with {agent_first} yesterday; {agent_first} said that ticket {ticket} is still open.",
    "The error is 0x{hex} at {datetime}, log id {uuid}.",
    "Connecting from {ip} to port 993 fails in {product}.",
    "My password is {password} and I still get 'wrong password'.",
    "We use the API key {token} in {product}.",
    "The link https://help.example.com/articles/{ticket}?page=2 did not help.",
    "The screen is 1920x1080, memory 16384 MB, disk 1 024 000 000 bytes, driver {version4}.",
    "I have used {product} since {year} on {count} computers, and I will not mark it as solved.",
    "Is this the same as bug {bug}? The tracking number is {tracking}.",
    "My husband {requester_last_full} has the same problem with {product}.",
    "This happened 3 times between {date} and {date}, each time around {time}.",
)
_OTHERS = {
    "de-DE": ("Meine E-Mail ist {email}, {product} startet nicht mehr.", "Rufen Sie mich unter {phone} an.", "IBAN {iban}, Betrag {price}.", "Telefon: {phone}", "Bestellung {order} vom {date} mit {product}.", "Das Passwort lautet nicht mehr, Fehler 0x{hex}."),
    "fr-FR": ("Mon adresse est {email} et {product} ne marche plus.", "Vous pouvez m'appeler au {phone}.", "Mon IBAN : {iban}.", "Commande {order} du {date}.", "Tél. {phone}"),
    "es-ES": ("Mi correo es {email} y {product} no abre.", "Mi teléfono es {phone}.", "La tarjeta {card} fue cobrada dos veces.", "El pedido {order} del {date}.", "IBAN {iban}"),
    "it-IT": ("La mia email è {email}, {product} non si apre.", "Il mio telefono: {phone}", "IBAN {iban} per il rimborso.", "Versione {version} di {product}."),
    "nl-NL": ("Mijn e-mail is {email}.", "Bel mij op {phone}.", "Rekening {iban}.", "{product} werkt niet sinds {date}."),
    "pl-PL": ("Mój adres to {email}.", "Telefon: {phone}", "Konto {iban}.", "{product} nie działa od {date}."),
}  # fmt: skip
_CLOSINGS = (
    "Thanks,\n{requester}",
    "Kind regards,\n{requester}\n{phone}",
    "Best,\n{requester_first}",
    "{requester_first}",
    "Regards\n{requester}\n{email}",
    "Thank you!",
)
_REPLIES = (
    "Hello {requester_first},\n\nplease open {product} and choose Reset, then write to {email} if it stays.\n\nBest regards,\n{agent}",
    "Hi {requester}, thank you for your message. In {product} {version}, remove the account and add it again.\n{agent_first}",
    "Dear {requester_first},\nI called {phone} and could not reach you. Please mark the mail as read in {product}.\nKind regards\n{agent}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked span `[start, end)` of one text."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Marked:
    """One ticket: what its record knows of the people, its texts in order, and the marks in each."""

    requester: str
    requester_email: str
    agent: str
    locale: str
    texts: tuple[str, ...]
    marks: tuple[tuple[Mark, ...], ...]

    def record(self, key: str) -> dict[str, Any]:
        """The ticket as a line of `tickets.jsonl`."""
        sides = ("customer", "agent")
        messages = [{"by": sides[at % 2], "text": text} for at, text in enumerate(self.texts)]
        return {
            "id": key, "created": "2024-05-01T10:00:00Z", "subject": "Help", "locale": self.locale, "messages": messages,
            "requester": {"name": self.requester, "email": self.requester_email}, "agents": [self.agent],
        }  # fmt: skip


def marked_tickets(count: int, seed: int = 0) -> Iterator[Marked]:
    """`count` tickets, the same for the same seed."""
    rng = random.Random(seed)
    for _ in range(count):
        yield _Author(rng).ticket()


@dataclass
class _Author:
    """Fills one ticket's templates; the people stay the same within it."""

    rng: random.Random
    locale: str = field(init=False)

    def __post_init__(self) -> None:
        self.locale = self.rng.choice([*_PEOPLE, "en-US", "en-US", "en-GB"])
        self.region = _PEOPLE[self.locale][0]
        self.requester = self._person()
        self.agent = self._person()
        self.email = self._email()

    def ticket(self) -> Marked:
        lines = [self.rng.choice(_OPENINGS[self.locale])]
        body = (*_OTHERS.get(self.locale, ()), *_OTHERS.get(self.locale, ())) or _ENGLISH
        lines += self.rng.sample([*body, *(_ENGLISH if self.rng.random() < 0.5 else ())], k=self.rng.randint(2, 5))
        first = "\n".join([*lines, "", self.rng.choice(_CLOSINGS)])
        filled = [self._filled(first), self._filled(self.rng.choice(_REPLIES))]
        return Marked(
            self.requester,
            self.email,
            self.agent,
            self.locale,
            tuple(t for t, _ in filled),
            tuple(m for _, m in filled),
        )

    def _filled(self, template: str) -> tuple[str, tuple[Mark, ...]]:
        text, marks = "", []
        while "{" in template:
            before, _, rest = template.partition("{")
            slot, _, template = rest.partition("}")
            value = self._value(slot)
            text += before
            kind = _KINDS.get(slot, "")
            if kind:
                marks.append(Mark(len(text), len(text) + len(value), kind))
            text += value
        return text + template, tuple(marks)

    def _value(self, slot: str) -> str:
        known = {
            "requester": self.requester, "requester_first": self.requester.split()[0], "agent": self.agent,
            "agent_first": self.agent.split()[0], "requester_last_full": self._cased(self.requester),
            "email": self.email if self.rng.random() < 0.5 else self._email(),
        }  # fmt: skip
        if slot in known:
            return known[slot]
        make: Callable[[], str] = getattr(self, f"_{slot}")
        return make()

    def _cased(self, name: str) -> str:
        first, *_, last = name.split()
        return self.rng.choice((name, name.lower(), name.upper(), f"{last}, {first}"))

    def _person(self) -> str:
        _, firsts, lasts = _PEOPLE[self.locale]
        particles = ("de la ", "van den ", "von ", "de ", "De ", "D'")
        surnames = [word for word in lasts.split() if word not in {p.strip() for p in particles} | {"la", "den", "van"}]
        surname = self.rng.choice(surnames)
        if self.locale in ("es-ES", "nl-NL", "de-DE") and self.rng.random() < 0.2:
            surname = {"es-ES": "de la ", "nl-NL": "van den ", "de-DE": "von "}[self.locale] + surname
        return f"{self.rng.choice(firsts.split())} {surname}"

    def _email(self) -> str:
        host = self.rng.choice(
            ("gmail.com", "example.org", "t-online.de", "mail.example.co.uk", "firma-xy.de", "sub.uni.edu")
        )
        number = self.rng.randint(1, 9999)
        local = self.rng.choice(
            (f"user{number}", f"a.b{number}", f"jo_{number}+shop", f"x-{number}.y", f"Info{number}")
        )
        return f"{local}@{host}"

    def _phone(self) -> str:
        kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
        example = phonenumbers.example_number_for_type(self.region, self.rng.choice(kinds))
        assert example is not None
        while True:
            base = phonenumbers.national_significant_number(example)
            tail = "".join(self.rng.choice("0123456789") for _ in range(5))
            number = phonenumbers.parse(f"+{example.country_code}{base[:-5]}{tail}")
            if phonenumbers.is_valid_number(number):
                break
        style = self.rng.choice(("NATIONAL", "INTERNATIONAL", "E164", "NATIONAL", "dashes"))
        if style == "dashes":
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace(" ", "-")
        return phonenumbers.format_number(number, getattr(phonenumbers.PhoneNumberFormat, style))

    def _card(self) -> str:
        prefix, length = self.rng.choice(
            (("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("34", 15), ("6011", 16), ("36", 14))
        )
        body = prefix + self._digits(length - len(prefix) - 1)
        number = next(body + last for last in "0123456789" if passes_luhn(body + last))
        gap = self.rng.choice(("", " ", "-"))
        return gap.join(number[at : at + 4] for at in range(0, length, 4))

    def _iban(self) -> str:
        country, bank = self.rng.choice(
            (("DE", 18), ("FR", 23), ("ES", 20), ("NL", 14), ("GB", 18), ("PL", 24), ("IT", 23))
        )
        letters = {"NL": "INGB", "GB": "NWBK", "IT": "X"}.get(country, "")
        body = letters + self._digits(bank - len(letters))
        number = next(f"{country}{n:02d}{body}" for n in range(2, 99) if is_iban(f"{country}{n:02d}{body}"))
        if self.rng.random() < 0.5:
            number = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
        return number.lower() if self.rng.random() < 0.1 else number

    def _digits(self, count: int) -> str:
        return "".join(self.rng.choice("0123456789") for _ in range(count))

    def _number(self, low: int, high: int) -> str:
        return str(self.rng.randint(low, high))

    def _product(self) -> str:
        return self.rng.choice(PRODUCTS)

    def _version(self) -> str:
        return f"{self._number(1, 130)}.{self._number(0, 20)}.{self._number(0, 9)}"

    def _version4(self) -> str:
        return f"{self._number(1, 31)}.{self._number(0, 20)}.{self._number(0, 101)}.{self._number(1000, 9999)}"

    def _build(self) -> str:
        return f"2024{self._number(10, 12)}{self._number(10, 28)}{self._digits(6)}"

    def _order(self) -> str:
        return self.rng.choice((f"#{self._digits(6)}", f"A-{self._digits(4)}", f"2024-{self._digits(5)}"))

    def _date(self) -> str:
        day, month = int(self._number(1, 28)), int(self._number(1, 12))
        return self.rng.choice(
            (f"2024-{month:02d}-{day:02d}", f"{day:02d}.{month:02d}.2024", f"{month}/{day}/24", f"{day} May 2024")
        )

    def _time(self) -> str:
        return f"{self._number(10, 23)}:{self._number(10, 59)}"

    def _datetime(self) -> str:
        return f"2024-07-{self._number(10, 28)} {self._time()}:{self._number(10, 59)} +0000"

    def _price(self) -> str:
        return self.rng.choice((f"${self._number(10, 99)}.99", f"{self._number(1, 9)}.{self._number(100, 999)},00 EUR"))

    def _ticket(self) -> str:
        return self._digits(7)

    def _bug(self) -> str:
        return self._number(1_000_000, 1_999_999)

    def _year(self) -> str:
        return self._number(2005, 2023)

    def _count(self) -> str:
        return self._number(2, 12)

    def _tracking(self) -> str:
        return f"1Z{self._digits(6)}AB{self._digits(8)}"

    def _hex(self) -> str:
        return f"{self.rng.getrandbits(32):08x}"

    def _uuid(self) -> str:
        digits = f"{self.rng.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _ip(self) -> str:
        return (
            f"{self.rng.choice(('192.168', '84.147', '10.0', '203.0'))}.{self._number(0, 255)}.{self._number(1, 254)}"
        )

    def _password(self) -> str:
        return self.rng.choice(("Sommer2024!", "hunter42", "x7#kLp2q", "correct-Horse9"))

    def _token(self) -> str:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        return self.rng.choice(("sk_live_", "ghp_")) + "".join(self.rng.choice(letters) for _ in range(32))


_KINDS = {
    "email": "email", "phone": "phone", "card": "card", "iban": "iban", "ip": "ip", "password": "secret", "token": "secret",
    "requester": "person", "requester_first": "person", "requester_last_full": "person", "agent": "person",
    "agent_first": "person", "product": "product",
}  # fmt: skip
