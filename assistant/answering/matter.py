"""Whether a question names a matter: thanks and greetings ask nothing, "It does not work" asks nothing in particular.

Before retrieval and drafting. No article answers either, so neither is drafted for, and neither is a gap of the
documentation: the first needs no help, the second a question back.
"""

from __future__ import annotations

import re

from assistant.answering.asks import is_question, is_wish
from assistant.answering.language import NEGATIONS, content_stems, sentences, stem, words
from assistant.domain import Question
from assistant.stopwords import STOP_WORDS

NOTHING_ASKED = "nothing_asked: the message thanks, greets or closes; nothing was asked, so nothing was drafted"
VAGUE = "vague: the message names no matter; ask the customer first. Nothing was drafted, and it is no gap yet"
FEW_WORDS = "few_words: the message names one thing and does not say what is the matter; ask back before you send this"

_READ_CHARS = 2_000
_MOST_CHARS = 400  # nobody thanks at greater length without saying something else
_CLOSES = frozenset(
    """worked works working fixed resolved solved sorted trick done close closed helped funktioniert geklappt
    gelöst erledigt marche fonctionne résolu funciona funcionó resuelto funziona funzionato risolto werkt
    opgelost funcionou
    """.split()
)
_GREETS = frozenset(
    """hi hello hey thanks thank thankyou thx tnx ty cheers great perfect awesome excellent wonderful brilliant
    lovely fantastic amazing nice cool super good bye goodbye regards welcome appreciate appreciated hallo
    danke dank dankeschön perfekt klasse prima toll grüße gruß moin servus bonjour salut merci parfait génial
    hola gracias perfecto genial ciao grazie perfetto bedankt hoi olá obrigado obrigada perfeito
    """.split()
)
_AGREES = frozenset(
    """ok okay okey k yes yep yeah yup sure right alright fine understood no nope ja nein oui non si
    """.split()
)
_BESIDE = frozenset(
    """a all again already also am and are as at been best by can day dear did ever everyone everything evening
    for from get got had happy glad has have i i'm i've is it it's its kind just know like look me morning
    afternoon night much many lot lots my noted now of oh on once one please quick fast prompt really reply
    response answer see seems so sir madam support team that that's the there they this to today too up very
    warm was we week weekend well wishes will with work you your yours help assistance service time finally
    everybody do does make alles bestens das der die es für gut guten ihre ihnen hilfe hat jetzt ist klar mit
    schnelle schönen sehr tag und viel viele vielen wieder wunderbar abend morgen noch einen ein antwort
    unterstützung freundlichen liebe beste beaucoup pour votre aide réponse ça c'est tout bien bonne journée
    cordialement je vous muchas por su ayuda la el todo buenos días ya mille molto per il tuo vostro aiuto ora
    tutto het nu goed voor uw hulp
    """.split()
)
_SETTLED = frozenset(
    """problem problems issue issues question questions ticket case thing things everything
    """.split()
)
"""What a message that closes may speak of."""
_PLEADS = re.compile(
    r"\b(?:please|need|needs|can|could|want|some|any|get)\W+(?:\w+\W+){0,2}(?:help|support|assistance)\b|^\W*help\b",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(
    rf"\b((?i:{'|'.join(sorted(map(re.escape, (*_GREETS, 'dear', 'best')), key=len, reverse=True))}))"
    r"[ ,]+(?:\[person \d+\]|[A-Z\u00c0-\u00de][^\W\d_]+(?: [A-Z\u00c0-\u00de][^\W\d_]+)?)(?=[\s,.!]|$)"
)
_SIGNED = re.compile(r"[\s\u2013\u2014-]*(?:\[person \d+\]|(?:[A-Z\u00c0-\u00de][^\W\d_'\u2019.-]*[ .]?){1,3})[\s.!,]*")
_GENERIC = frozenset(
    stem(word)
    for word in """error errors broken broke break breaks wrong fail fails failed failing failure fault faulty bug
    bugs buggy
    everything everybody
    trouble troubles stuck nothing happen happens happened happening stop stops stopped quit message messages
    app application program programme software website site page device system computer phone stuff tried
    urgent urgently asap immediately soon yesterday today tomorrow anymore longer week weeks month ago day
    days morning evening night hour hours minute minutes new weird strange odd bad badly useless terrible
    awful wtf doesnt dont cant wont didnt isnt wasnt doesn't don't can't won't didn't isn't wasn't couldn't ok
    okay yes help need needed work works worked working problem problems issue issues question questions
    answer support assistance fix fixed solve please hello hi dear regards click clicked press tap properly
    correctly right sometimes suddenly anybody idea ideas suggestion advice way time sorry back also
    completely really totally simply start started test hilfe fehler funktioniert nicht geht gehen es das ist
    kaputt aide erreur marche fonctionne pas ne ça ayuda funciona aiuto non funziona errore hallo bonjour hola
    ciao
    """.split()
)
"""Stems of words that say that something is amiss, and not what."""
_AMISS = frozenset(
    stem(word)
    for word in """error broken broke wrong fail fault faulty bug trouble stuck problem issue help work happen hilfe
    fehler funktioniert kaputt aide erreur marche fonctionne ayuda funciona aiuto funziona errore
    """.split()
)
_ASKS = re.compile(
    r"(?:^|[.,;!]\s*)\W*(?:(?:so|and|but|please|hi|hello)\W+)*(?:how|what|where|when|who|whose|which)\b"
    r"(?! (?:can|should|do|must|could|shall|would) (?:i|we) (?:do|try)\W*$)",
    re.IGNORECASE,
)


def asks_nothing(question: Question) -> bool:
    """Whether the message only thanks, greets, agrees or closes.

    A subject is what a bare "Hello" or "Thanks" asks about, but not what "That worked" does, nor anything said later
    in a conversation. A "Yes" to what an agent asked is an answer, not an end.

    >>> [asks_nothing(Question(text)) for text in ("Great, thanks, that worked!", "Hello", "Thanks but it fails")]
    [True, True, False]
    >>> asks_nothing(Question("Thanks!", title="No sound")), asks_nothing(Question("It works", title="No sound"))
    (False, True)
    """
    text = question.text.strip()
    if len(text) > _MOST_CHARS or "?" in text or _PLEADS.search(text):
        return False
    said = _without_names(text)
    if not said:
        return bool(text) and not any(char.isalnum() for char in text) and bool(question.turns)
    closes = not _CLOSES.isdisjoint(said)
    if not all(word in _CLOSES | _GREETS | _AGREES | _BESIDE | (_SETTLED if closes else frozenset()) for word in said):
        return False
    if closes:
        return True
    if not _GREETS.isdisjoint(said):
        return bool(question.turns) or not _named(question.title)
    return not _AGREES.isdisjoint(said) and not _was_asked(question) and (bool(question.turns) or not question.title)


def is_matter(question: Question) -> bool:
    """Whether the question asks something, and names what: only then can it be a gap, and a contact."""
    return not asks_nothing(question) and not is_vague(question)


def is_vague(question: Question) -> bool:
    """Whether the question, with its subject and what it leans on, names no matter that an article could be about.

    >>> [is_vague(Question(text)) for text in ("It does not work", "help", "The app is broken, please fix it")]
    [True, True, True]
    >>> [is_vague(Question(text)) for text in ("Error 502", "Where is my phone?", "What is wrong?")]
    [False, False, True]
    >>> is_vague(Question("It does not work", title="Printing"))
    False
    """
    text = question.full_text[:_READ_CHARS]
    if asks_nothing(question) or _named(text):
        return False
    return not _ASKS.search(text) or not _AMISS.isdisjoint(map(stem, words(text)))


def says_little(question: Question) -> bool:
    """Whether the message names one thing and asks nothing of it: "My display does not work".

    >>> says_little(Question("My display does not work")), says_little(Question("How do I clean my display?"))
    (True, False)
    """
    told = [question.text[start:end] for start, end in sentences(question.text[:_MOST_CHARS])]
    return len(_named(question.full_text[:_READ_CHARS])) == 1 and not any(is_question(s) or is_wish(s) for s in told)


def names_a_matter(text: str) -> bool:
    """Whether a word of the text says what it is about."""
    return bool(_named(text))


def _named(text: str) -> set[str]:
    """The stems that name a matter."""
    return set(content_stems(text)) - _GENERIC - NEGATIONS - _GREETS - STOP_WORDS


def _was_asked(question: Question) -> bool:
    last = question.turns[-1] if question.turns else None
    return last is not None and last.by == "agent" and "?" in last.text


def _without_names(text: str) -> list[str]:
    """The words but for who is thanked, greeted, or signs alone in a later line."""
    first, *others = text.split("\n")
    kept = "\n".join([first, *(line for line in others if not _SIGNED.fullmatch(line))])
    return words(_ADDRESSED.sub(r"\1", kept))
