"""Written by hand, for any product: phrases that point to a cause or a stage, and a description of each in sentences.

The phrases become counts and the sentences become similarities; `features` says how. Neither decides anything alone:
their weights are fitted.
"""

from __future__ import annotations

import re

_PHRASES: dict[str, str] = {
    "crash": r"crash|freez|frozen|\bhangs?\b|hung\b|hanging|not responding|unresponsive|locks? up|locked up",
    "error": r"\berrors?\b|\bexception\b",
    "bug": r"\bbugs?\b|regression|glitch|buggy",
    "corrupt": r"corrupt|garbled|gibberish|blank|empty|white screen|invisible",
    "gone": r"disappear|vanish|\bmissing\b|\blost\b|\bgone\b|no longer (?:show|appear|there|display)",
    "stop": (
        r"stopped|no longer|quit (?:work|send|receiv)|does(?:n'?t| not) work|not working|won'?t|fails?\b|"
        r"failed|broken|unable to|can ?not|can'?t"
    ),
    "sudden": r"sudden|all of a sudden|out of the blue|overnight|yesterday|today|this morning|last week|few days",
    "random": (
        r"sometimes|random|intermittent|occasional|keeps?\b|every time|constantly|repeatedly|"
        r"again and again"
    ),
    "slow": r"\bslow|takes? (?:forever|ages|minutes|very long|a long)|\bcpu\b|memory",
    "dup": r"duplicat|twice|multiple copies",
    "after_upd": (
        r"(?:after|since|following|with|from) (?:the |an? |my |this |latest |last |recent |new |"
        r"automatic |i )*(?:updat|upgrad|version)"
    ),
    "update": r"\bupdat|\bupgrad",
    "version": r"\b\d{2,3}\.\d+(?:\.\d+)*\b|\bversion\b",
    "trouble": r"troubleshoot mode|safe mode|reinstall|uninstall|re-install|restart",
    "worked": (
        r"(?:used to|worked (?:fine|well|great|perfectly)|has worked|was working|working fine|"
        r"always worked|for years)"
    ),
    "howdo": r"\bhow (?:do|can|to|would|should|does)\b",
    "cani": r"\b(?:can|could|may) (?:i|we|you|one|someone|anyone)\b",
    "possible": r"is (?:it|there) (?:a |any |some )?(?:possible|way|option|setting|means)|possible to|any way to",
    "whatis": (
        r"\bwhat (?:is|are|does|do|happens)\b|\bwhich\b|\bis it safe|\bdoes (?:this|it|that)\b|should i\b|"
        r"difference"
    ),
    "where": (
        r"\bwhere (?:is|are|do|did|can|has|have)\b|can(?:'t|not| not) (?:find|see|locate)|unable to find|"
        r"find (?:the|a|any) (?:option|setting|button|menu)"
    ),
    "why": r"\bwhy (?:do|does|is|are|did|can'?t|not|would|has)\b",
    "undo": (
        r"(?:get rid of|turn(?:ed|ing)? (?:it |this |that )?off|disable|switch off|hide|remove|stop (?:it|"
        r"this|the)|undo|revert|restore|go back|get (?:it|them|my|the) .{0,30}back|bring back|"
        r"change (?:it )?back)"
    ),
    "looks": (
        r"\blook(?:s|ed)?\b|layout|interface|\bui\b|appearance|theme|\bdark\b|design|redesign|view\b|"
        r"display|screen|pane\b|panel|window"
    ),
    "widgets": r"menu|toolbar|\bbar\b|button|icon|column|tab\b|tabs\b|header|sidebar|checkbox|click",
    "visual": (
        r"font|\bsize|spacing|colou?r|bold|density|readable|hard to read|tiny|huge|\bsmall|large|wide|"
        r"narrow|resize|\bline"
    ),
    "list": r"thread|sort|group|order|unread|arrang|conversation",
    "annoy": (
        r"annoy|hate|horrible|awful|terrible|ugly|frustrat|confus|ridiculous|stupid|useless|unusable|"
        r"intuitive|dislike|don'?t like|mess\b"
    ),
    "oldnew": (
        r"\b(?:new|old|previous|earlier|older|latest|former) (?:version|look|layout|interface|view|way|"
        r"style|format|design|release)|used to"
    ),
    "setting": r"\bsettings?\b|\boptions?\b|preference|config",
    "wish": (
        r"would (?:like|love|be (?:nice|great|good|helpful))|\bwish|please add|feature|suggest|improve|"
        r"enhanc|request|plans? to|it should|option to|hope"
    ),
    "move": (
        r"transfer|migrat|mov(?:e|ing)|new (?:computer|pc|laptop|machine|mac)|old (?:computer|pc|laptop|"
        r"machine|drive)|hard drive|\bssd\b"
    ),
    "backup": r"back ?up|backup|restore|recover|retriev|export|\bprofiles?\b|archive",
    "import": r"\bimport",
    "addnew": r"add(?:ing)? (?:a|an|my|another|new)|set(?:ting)? ?up|create|new account|configur",
    "filters": r"filter|rule\b|junk|spam|block|signature|template|tag",
    "delete": r"delet|trash|erase|\bmistake|accident",
    "password": r"passwords?\b|credential|passkey|app password|\bpin\b",
    "login": r"log(?:ging)? ?-?in|log ?on|sign(?:ing)? ?-?in|authenti|oauth|2fa|two.factor|verification",
    "server": r"\bserver|imap|pop3?\b|smtp|exchange|\bport\b|\bssl|\btls|starttls",
    "conn": (
        r"connect|timed? ?out|time-out|refused|unreachable|network|internet|wi-?fi|vpn|proxy|firewall|"
        r"\bdns\b"
    ),
    "cert": r"certificate|security exception",
    "bounce": r"bounce|undeliver|delivery|rejected|not delivered|\b5\d\d[ -]\d\.\d|spf\b|dkim|blocked",
    "antivirus": (
        r"anti-?virus|norton|avast|\bavg\b|mcafee|bitdefender|kaspersky|malwarebytes|\beset\b|webroot|"
        r"trend micro|defender|sophos|avira"
    ),
    "provider": (
        r"gmail|google|yahoo|\baol\b|hotmail|outlook|office ?365|\bo365|microsoft|icloud|comcast|xfinity|"
        r"spectrum|charter|verizon|\bat&?t\b|\bcox\b|\bbt\b|virgin|talktalk|ionos|godaddy|web\.de|gmx|"
        r"orange|\bfree\.fr|telstra|bigpond|optus|earthlink|centurylink|frontier|rackspace|fastmail|"
        r"proton|zoho|hostgator|bluehost|t-online|libero|roadrunner|\btwc\b|sbcglobal|shaw|rogers|telus|"
        r"bell\b|zimbra"
    ),
    "isp": (
        r"\bisp\b|provider|hosting|\bhost(?:ed)?\b|webmail|domain|internet service|my company|university|"
        r"organi[sz]ation"
    ),
    "otherprog": (
        r"add-?ons?\b|extension|plug-?in|browser|chrome|firefox|flatpak|snap\b|android|iphone|phone|"
        r"ccleaner|printer|onedrive|dropbox"
    ),
    "hack": r"hack|scam|phish|virus|malware|compromis|fraud",
    "os": (
        r"windows (?:7|8|10|11)|win ?(?:7|8|10|11)|linux|ubuntu|debian|fedora|\bmint\b|mac ?os|\bmac\b|"
        r"macbook|imac"
    ),
    "sendrecv": (
        r"(?:send|receiv|download|get|retriev)(?:ing)? (?:and receive |or receive |any |my |new |"
        r"out )*(?:e-?mails?|messages?|mail)\b"
    ),
    "phone": r"android|iphone|ipad|\bios\b|phone|tablet|mobile",
    "calendar": r"calendar|event|reminder|task|appointment|invite",
    "contacts": r"address ?book|contacts?\b|mailing list",
    "compose": r"compos|reply|forward|draft|write|attach|spell|print",
    "search": r"\bsearch|\bfind\b",
    "fresh": r"\binstall|download(?:ed)? (?:the|it|this)|setup\.exe|installer",
    "thanksplease": r"please|thank",
    "help": r"\bhelp\b",
    "quote": r'["“”][^"“”]{15,300}["“”]',
}

CUES: dict[str, re.Pattern[str]] = {name: re.compile(phrase, re.IGNORECASE) for name, phrase in _PHRASES.items()}
"""Named patterns of phrases; matched in title and text."""

PROTOTYPES: dict[str, tuple[str, ...]] = {
    "defect": (
        "The program crashes every time I open it.",
        "After the latest update it stopped working.",
        "It freezes and becomes unresponsive.",
        "Nothing happens when I click the button.",
        "My data suddenly disappeared without me doing anything.",
        "I get an error message and the action fails.",
        "This worked fine until the new version; now it is broken.",
        "It shows the wrong result or the wrong time.",
        "The window stays blank.",
        "It is extremely slow and uses all the memory.",
        "Items I delete keep coming back.",
        "The same bug is still present in the new release.",
    ),
    "design": (
        "Where did the button go in the new version?",
        "I cannot find the setting in the menus.",
        "How do I turn off this annoying new behaviour?",
        "I want the old look back.",
        "The new layout is horrible and cluttered.",
        "The text is too small and the spacing too tight.",
        "How can I get rid of this thing that suddenly appeared on my screen?",
        "How do I change the view back to how it was before the update?",
        "I clicked something by accident and now the toolbar is gone.",
        "I hate the new interface; how do I undo the change?",
        "Everything is grouped together and I want it listed by date.",
        "The option described in the instructions does not exist in my menu.",
        "The colours make it hard to read.",
    ),
    "knowledge": (
        "How do I do this?",
        "Can I move my data to a new computer?",
        "What is the difference between these two options?",
        "Is it safe to delete these files?",
        "What is the best way to back up everything?",
        "I would like step by step instructions to transfer my old files.",
        "How do I add another account?",
        "I deleted something by mistake; can I recover it?",
        "Is it possible to use this on two devices?",
        "How do I create a rule that moves items automatically?",
        "Which version should I install?",
        "Where are my files stored on the disk?",
    ),
    "external": (
        "The server rejects my password.",
        "Login to the mail server failed.",
        "My provider changed its security requirements and now I cannot connect.",
        "The connection to the outgoing server timed out.",
        "I think my antivirus is blocking it.",
        "My internet provider says the problem is not on their side.",
        "It works on the website but not here, asking for the password again and again.",
        "The provider migrated our accounts to another company.",
        "The certificate of the server is not valid.",
        "Messages bounce back with a delivery failure notice from the server.",
        "After I changed my account password with the provider I can no longer send.",
        "An add-on or another program causes the problem.",
    ),
    "request": (
        "Please add this feature.",
        "I would like to suggest an improvement.",
        "It would be great if there was an option for this.",
        "Are there plans to support this in the future?",
        "I wish the program could do this.",
        "Other programs can do this, why not yours?",
        "This is feedback for the developers; I am very disappointed.",
    ),
    "unclear": (
        "It does not work.",
        "Help me please.",
        "I have a problem with my email.",
        "I can't send messages.",
        "I forgot my password.",
    ),
    "get": (
        "Is the product available for my phone?",
        "Where can I download the program?",
        "Do I have to pay for it?",
        "How can I get an older version?",
    ),
    "install_update": (
        "The installation failed.",
        "How do I go back to the previous version?",
        "Should I upgrade to the new version?",
        "The update broke everything.",
        "It will not install on my computer.",
    ),
    "set_up": (
        "I am adding a new account and the setup fails.",
        "The password is not accepted.",
        "Which server settings do I need?",
        "Import my contacts from another program.",
        "I cannot log in to the mail server.",
        "Connecting to the outgoing server failed.",
    ),
    "use": (
        "How do I sort my messages?",
        "The search finds nothing.",
        "Change the font size of the message list.",
        "My calendar entries are wrong.",
        "Messages have disappeared from the folder.",
        "Attachments cannot be opened.",
        "Filters do not run.",
    ),
    "move_leave": (
        "Transfer my profile to a new computer.",
        "How do I back up my data?",
        "Export all messages to an external drive.",
        "Restore from the old hard drive.",
        "Uninstall the program without losing my data.",
    ),
    "contact": (
        "How do I contact support?",
        "Where is the answer to my question?",
        "How long until someone responds to my report?",
    ),
}
"""What people with each cause, and at each stage, typically write."""

ASKING = re.compile(
    r"\?|\bhow\b|\bhelp\b|\bcan i\b|\bis there\b|\bwant\b|would like|wish|need to|trying to", re.IGNORECASE
)
"""Sentences that say what the person wants."""

TROUBLE = re.compile(
    r"error|fail|can'?t|cannot|won'?t|not work|unable|doesn'?t|problem|issue|stopped|no longer|disappear|missing|lost|"
    r"crash|freez|slow|after|since",
    re.IGNORECASE,
)
"""Sentences that say what goes wrong."""
