"""An answer and a search result as the public JSON of the contract."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from assistant.domain import Answer, Candidate, Hit, Kind, Retrieval, Source

_QUOTE_CHARS = 300


def answer_json(answer: Answer) -> dict[str, Any]:
    """The contract's shape: every key always there, lists empty and `gap` null where there is nothing."""
    return {
        "id": answer.question.id or answer.id,
        "draft_id": answer.id,
        "question": {
            "title": answer.question.title,
            "text": answer.question.text,
            "requester": answer.question.requester,
        },
        "verdict": answer.verdict,
        "confidence": round(answer.confidence, 4),
        "greeting": answer.greeting,
        "parts": [
            {
                "text": part.text,
                "citations": list(part.citations),
                "spans": [{"n": n, "start": start, "end": end} for n, start, end in part.spans],
                "support": round(part.support, 4),
                "unsupported": list(part.unsupported),
                "step": part.step,
            }
            for part in answer.parts
        ],
        "uncovered": list(answer.uncovered),
        "closing": answer.closing,
        "sources": [source_json(source) for source in answer.sources],
        "suggestions": [
            {"text": s.text, "document_id": s.document_key, "audience": "internal"} for s in answer.suggestions
        ],
        "gap": {"reason": answer.gap.reason, "nearest": list(answer.gap.nearest)} if answer.gap else None,
        "warnings": list(answer.warnings),
        "timings_ms": dict(answer.timings_ms),
        "model": answer.model,
        "prompt_version": answer.prompt_version,
        "generation": answer.generation,
        "usage": asdict(answer.usage) if answer.usage else None,
        "parent_id": answer.parent_id or None,
        "rewritten": answer.rewritten,
        "follow_ups": list(answer.follow_ups),
    }


def source_json(source: Source) -> dict[str, Any]:
    """One numbered source; `href` opens at the place."""
    return {
        "n": source.n,
        "document_id": source.document_key,
        "version": source.version,
        "kind": source.kind,
        "audience": source.audience,
        "title": source.title,
        "url": source.url,
        "href": f"{source.url}#{source.anchor}" if source.url and source.anchor else source.url,
        "quote": source.quote,
        "start": source.start,
        "end": source.end,
        "updated_at": source.updated_at.isoformat() if source.updated_at else None,
    }


def hits_json(retrieval: Retrieval, *, kinds: tuple[Kind, ...], k: int) -> list[dict[str, Any]]:
    """At most `k` ranked documents: articles first, since they can be cited; of ten places one is kept for the
    nearest ticket where tickets are asked for too, and all when only tickets are.
    """
    articles = [hit for hit in retrieval.articles if hit.best.kind in kinds]
    tickets = list(retrieval.tickets) if "ticket" in kinds else []
    reserved = min(len(tickets), max(1, k // 10) if articles and k > 1 else 0 if articles else k)
    chosen = articles[: k - reserved]
    chosen += tickets[: k - len(chosen)]
    return [_hit_json(hit) for hit in chosen]


def _hit_json(hit: Hit) -> dict[str, Any]:
    best = hit.best
    return {
        "document_id": hit.document_key,
        "score": round(hit.score, 6),
        "kind": best.kind,
        "title": best.title,
        "url": best.url,
        "audience": best.audience,
        "quote": _quote(hit.candidates[0]),
    }


def _quote(candidate: Candidate) -> str:
    """The first block of the passage that says something, so that the quote is one piece of the text."""
    passage = candidate.passage
    blocks = [b for b in passage.blocks if b.kind != "heading"] or list(passage.blocks)
    for block in blocks:
        text = passage.text[block.start - passage.start : block.end - passage.start]
        if len(text) > 40 or block is blocks[-1]:
            return text if len(text) <= _QUOTE_CHARS else text[:_QUOTE_CHARS].rsplit(" ", 1)[0]
    return passage.text[:_QUOTE_CHARS]
