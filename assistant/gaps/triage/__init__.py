"""Why a contact happened and where on the journey: cause, stage, the quote that shows it, the party outside.

Flow: contacts -> `features.describe` (text -> numbers) -> `model.TriageModel` (numbers -> calibrated labels)
-> `quotes.best_quote` and `party.external_party` -> `Triaged`. No chat model is involved.
"""

from assistant.gaps.triage.contact import CAUSES, STAGES, Contact, Correction, Label, Triaged
from assistant.gaps.triage.finer import Finer, finer_stages, stage_names
from assistant.gaps.triage.model import TriageModel, load_triage, save_triage
from assistant.gaps.triage.party import external_party

__all__ = [
    "CAUSES",
    "STAGES",
    "Contact",
    "Correction",
    "Finer",
    "Label",
    "TriageModel",
    "Triaged",
    "external_party",
    "finer_stages",
    "load_triage",
    "save_triage",
    "stage_names",
]
