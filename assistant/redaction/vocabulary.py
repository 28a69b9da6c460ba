"""The words that redaction goes by, in a dozen languages: data, no logic."""

from __future__ import annotations


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for line in text.strip().splitlines() for phrase in line.split("|") if phrase.strip())


GREETINGS = _phrases("""
    hi | hello | hey | dear | hi there | good morning | good afternoon | good evening | good day
    hallo | guten tag | guten morgen | guten abend | liebe | lieber | liebes | sehr geehrte | sehr geehrter | moin
    bonjour | bonsoir | salut | cher | chère | hola
    buenos días | buenas tardes | estimado | estimada | querido | querida
    ciao | buongiorno | gentile | caro | cara | beste | geachte | olá
    prezado | prezada | hej | cześć | witam | dzień dobry
""")
"""What stands before a name at the start of a line."""

CLOSINGS = _phrases("""
    regards | wishes | best | best regards
    kind regards | warm regards | many regards | kindest regards | with kind regards
    with best regards | best wishes | kind wishes | warmest regards
    cheers | respectfully | sincerely | sincerely yours
    yours truly | yours sincerely | yours faithfully | thanks | many thanks
    thanks again | thanks in advance
    thanks a lot | thanks so much | thank you | thank you very much | thank you in advance
    mit freundlichen grüßen | mit freundlichen gruessen | viele grüße | liebe grüße | beste grüße | schöne grüße
    freundliche grüße | freundliche grüße | mfg | danke
    vielen dank | cordialement | bien cordialement | bien à vous | merci
    merci d'avance | salutations | saludos | un saludo | saludos cordiales | atentamente | gracias | muchas gracias
    saluti | cordiali saluti | distinti saluti | grazie | met vriendelijke groet | met vriendelijke groeten | groeten
    atenciosamente | obrigado | obrigada | pozdrawiam
    z poważaniem | dziękuję | venlig hilsen | med vänliga hälsningar
""")
"""What stands on the line above a name at the end of a message."""

INTRODUCTIONS = _phrases("""
    my name is | my name's | mein name ist | ich heiße | ich heisse | je m'appelle | mon nom est | me llamo
    mi nombre es | mi chiamo | il mio nome è | mijn naam is | ik heet | meu nome é | nazywam się | mam na imię
""")
"""What stands before the writer's own name."""

HONORIFICS = _phrases("""
    Mr | Mrs | Ms | Miss | Mx | Dr | Prof | Herr | Herrn | Frau | Mme | Mlle | Monsieur | Madame | Señor | Señora
    Sr | Sra | Sig | Signor | Signora | Dhr | Mevr | Pan | Pani
""")
PARTICLES = frozenset(
    "de del della der den dos da di du van von zu zur le la el al bin ben ter ten of the and und y e".split()
)
TITLES = frozenset(word.casefold() for word in (*HONORIFICS, "phd", "md", "jr", "m", "sir"))

NO_NAMES = frozenset(
    """all team there everyone everybody support sir madam folks guys friends community help helpdesk desk service
    customer customers agent agents again anyone both moderator moderators admin administrator administrators
    developers users user colleagues damen herren leute zusammen forum experts volunteers people world staff office hi
    hello dear thanks thank regards you any please the this my i we it best kind yes no ok okay sorry sent from sales
    billing manager equipo tous equipe équipe alle gents gentlemen ladies mister email mail""".split()
)
"""What is greeted, or signs, without being anybody."""

ALSO_WORDS = frozenset(
    """may mark will bill grant rose hope grace faith joy dawn frank jack pat rob sue drew art chase chip cliff dale
    dean earl gene glen guy iris ivy jade june april august summer autumn kit lance lily max miles norm olive page
    pearl penny pierce ray red reed rich robin rusty sandy scout sky stone victor wade ward west young long king price
    small white black brown green gray grey day best bond case cook field fields fox gold hall hill house lane law love
    major means moon moss night park parker post potter power powers read rice rivers rock root sharp short snow speed
    street strong swift temple wall walls waters wells wise wolf wood woods words bush ford bell ball bank banks barber
    baker butler carpenter carter church class cross early english french german good great hand hands hard head hunt
    hunter marks mason mills monday friday sunday newman noble north oak order paint pool poole port porter quick ready
    rush sale save school shepherd singer smart south spring stark steel story swan tan tell turn walker washington
    watch web weeks wild winter worth account client edge info test chrome safari apple amber angel basil christian
    crystal destiny eve forest ginger harmony hazel jewel justice melody mercy misty paris peace phoenix queen rain
    reason rod ruby sage saint star sterling sunny trinity trip ty van vic violet vista klein gross lang kurz neu alt
    engel vogel berg stein koch richter""".split()
)
"""Names that are words, too: they count only where a name stands."""

GENERIC_MAILBOXES = frozenset(
    """info support admin mail email office contact sales hello help service team billing webmaster postmaster noreply
    reply news accounts account customer home family me the test user""".split()
)

SECRET_NAMES = _phrases("""
    password | pass word | passcode | pass phrase | passphrase | passwd | pwd | pw | pin | pin code | api key | api-key
    api_key | apikey | access key | access token | access_token | auth token | refresh token | client secret | secret
    secret key | token | otp | verification code | security code
    recovery code | cvv | cvv2 | cvc | passwort | kennwort
    mot de passe | mdp | contraseña | clave | wachtwoord | senha | hasło | heslo | lösenord | пароль | パスワード | 密码
""")

NO_SECRETS = frozenset(
    """incorrect wrong invalid not the a an my your no none normal saved stored correct required requested asked prompt
    prompted same different changed expired empty blank missing needed being still always never only also again
    accepted rejected refused denied failed failing oauth2 oauth encrypted kerberos ntlm ssl tls starttls ok okay fine
    good right valid unknown not-required hidden shown set reset weak strong too it that this what when why how falsch
    richtig nicht das die der mein dein ungültig incorrecto correcta correcto incorrecta faux falso errata password
    passwort pin token key n/a yes true false null on off in at with for from to and or if but""".split()
)
"""What follows "password is" without being one."""

PHONE_WORDS = _phrases("""
    tel | telephone | phone | call | call me | mobile | cell | cellphone | fax | whatsapp | whats app | sms | text me
    reach me | ring | telefon | telefonnummer | handy | handynummer | mobil | mobilnummer | rufnummer | rückruf | tél
    téléphone | portable | teléfono | móvil | telefono | cellulare | telefoon | gsm | celular | telemóvel | telefone
    komórka | numer telefonu
""")

OTHER_NUMBERS = _phrases("""
    id | ids | order | ticket | bug | case | ref | reference
    invoice | serial | version | build | code | error | no | nr
    sku | isbn | imei | tracking | number of | bestellung | bestellnummer | rechnung | commande | pedido | ordine
""")
"""What stands before a number that is no phone's."""

VERSION_WORDS = _phrases("""
    v | ver | version | versione | versión | release | build
    firmware | driver | update | upgrade | chrome
    firefox | windows | macos | mac os | ios | android | linux | app | client | rev | revision
""")
