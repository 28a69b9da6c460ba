"""Evidence that a person chose: one article in the place of all that a search found, for a draft made anew.

Between retrieval and drafting, when an agent sees that the search led with the wrong article.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.answering.retrieve import ARTICLE_KINDS
from assistant.domain import Audience, Candidate, Hit, Retrieval
from assistant.errors import NotFound
from assistant.seams import Knowledge, PassageIndex

_PASSAGES = 5


def of_article(
    retrieval: Retrieval, document_key: str, index: PassageIndex, knowledge: Knowledge, audiences: Sequence[Audience]
) -> Retrieval:
    """The retrieval with this article alone, its passages nearest to the question first; the tickets stay.

    Raises:
        NotFound: no live article has this key, or these audiences may not read it.
    """
    found = next((hit for hit in retrieval.articles if hit.document_key == document_key), None)
    return replace(retrieval, articles=(found or _hit(retrieval, document_key, index, knowledge, audiences),))


def _hit(
    retrieval: Retrieval, document_key: str, index: PassageIndex, knowledge: Knowledge, audiences: Sequence[Audience]
) -> Hit:
    chunks = knowledge.chunks_of([document_key]).get(document_key, ())
    passages = knowledge.passages(chunks, audiences=audiences)
    bodies = [passage for passage in passages.values() if passage.kind in ARTICLE_KINDS]
    if not bodies:
        raise NotFound(
            f"No article {document_key!r} that may be read here. Search for it (GET /v1/search) and send its "
            "'document_id'; a resolved ticket cannot be drafted from."
        )
    vector = np.asarray(retrieval.vector, np.float32)
    cosines = index.similarities(vector, [passage.chunk_id for passage in bodies])
    near = sorted(bodies, key=lambda passage: -cosines.get(passage.chunk_id, -1.0))[:_PASSAGES]
    scored = [(passage, cosines.get(passage.chunk_id, -1.0)) for passage in near]
    return Hit(document_key, scored[0][1], tuple(Candidate(one, cosine, 0.0, 0.0, cosine) for one, cosine in scored))
