"""In which language something is written: told by its commonest words, or by its script.

Before retrieval, so that articles in the customer's language come first, and after the draft, so that a reply in
another language is noticed. Nothing is said of a text that is too short to tell.
"""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.domain import Answer, Question, language_of

NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "pl": "Polish", "sv": "Swedish", "da": "Danish", "ja": "Japanese", "zh": "Chinese", "ko": "Korean",
    "el": "Greek", "he": "Hebrew", "ar": "Arabic", "th": "Thai",
}  # fmt: skip

_COMMON = {
    "en": """the and to of is in it my for on with not this that have you can i how do does what are was when but from
        or if be will there an has we your no am why where which would please help""",
    "de": """der die das und ist nicht ich mein meine wie kann mit auf ein eine einen es zu den dem von für im wir sie
        aber auch wenn habe hat wird sich noch nach bei was warum wo seit bitte mehr nur kein keine oder""",
    "fr": """le la les et est pas je mon ma mes comment avec sur un une des du de que qui pour dans il ne nous vous ce
        cette mais aussi quand ai a au aux plus sont où pourquoi depuis bonjour peut puis""",
    "es": """el la los las y es no mi mis cómo como con en un una de del que para por se lo pero también cuando he ha
        hay está son dónde por qué desde hola puedo puede mucho más muy tengo""",
    "it": """il lo la gli le e è non mio mia come con su un una di del della che per si ma anche quando ho ha sono dove
        perché da nel posso può più molto questo questa buongiorno ciao""",
    "pt": """o a os as e é não meu minha como com em um uma de do da que para por se mas também quando tenho tem está
        são onde desde olá posso pode mais muito isso este no na""",
    "nl": """de het een en is niet ik mijn hoe kan met op in van te dat die voor wij we maar ook als heb heeft wordt nog
        naar bij wat waarom waar sinds meer geen of zijn er""",
    "pl": """i w na nie się jest jak mój moja z do to że co czy mam ma od po dla ale także kiedy gdzie dlaczego proszę
        mogę można już tylko być są""",
    "sv": """och är inte jag min mitt hur kan med på en ett det som för i av till vi men också när har vad varför var
        sedan mer inga eller den att""",
    "da": """og er ikke jeg min mit hvordan kan med på en et det som for i af til vi men også når har hvad hvorfor hvor
        siden mere ingen eller den at""",
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_WORD = re.compile(r"[^\W\d_]+")
_READ_CHARS = 2_000
_LEAST_WORDS = 4
_LEAST_COMMON = 2
_LEAST_SHARE = 0.2
_AHEAD = 1.4
_LOOKED_AT = 3


def spoken(text: str) -> str:
    """The language of the text by its ISO 639-1 code, empty when it cannot be told.

    >>> [spoken(text) for text in ("Wie kann ich meinen Kalender drucken?", "How do I print it?", "Display 10 offline")]
    ['de', 'en', '']
    """
    read = text[:_READ_CHARS]
    letters = sum(char.isalpha() for char in read)
    for language, script in _SCRIPTS:
        if 4 * len(script.findall(read)) >= max(letters, 1):
            return language
    words = _WORD.findall(read.lower())
    if len(words) < _LEAST_WORDS:
        return ""
    counts = sorted(((sum(word in known for word in words), name) for name, known in _WORDS.items()), reverse=True)
    (most, best), (second, _) = counts[:2]
    is_sure = most >= max(_LEAST_COMMON, _LEAST_SHARE * len(words)) and most >= _AHEAD * second
    return best if is_sure else ""


def in_own_language(question: Question) -> Question:
    """The question with the language that it is written in as its locale, where another or none was told.

    English without a locale stays as it is: most articles name no language.
    """
    language = spoken(question.text)
    told = language_of(question.locale)
    return question if language in ("", told) or (language, told) == ("en", "") else replace(question, locale=language)


def foreign(answer: Answer) -> str:
    """The name of the question's language where the reply is in another, else empty."""
    asked, said = spoken(answer.question.text), spoken(" ".join(part.text for part in answer.parts))
    return NAMES[asked] if asked and said and asked != said else ""


def with_language_told(answer: Answer) -> Answer:
    """The answer with a warning where it, or all that was found, is not in the question's language."""
    asked = spoken(answer.question.text)
    found = [part.text for part in answer.parts] or [one.passage.text for one in answer.considered[:_LOOKED_AT]]
    said = spoken(" ".join(found))
    if not asked or not said or asked == said:
        return answer
    told = f"the question is in {NAMES[asked]}"
    if answer.parts:
        warning = f"language: {told}, the reply in {NAMES[said]}; translate it before you send it"
    else:
        warning = f"language: {told}, what came nearest in {NAMES[said]}; asked in {NAMES[said]} it may find more"
    return replace(answer, warnings=(*answer.warnings, warning))
