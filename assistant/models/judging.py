"""Any LangChain chat model as a judge of why contacts were made: labels by number, or a notice; nothing is raised.

Beside `chat`, over the same bounded `talk`. What comes back is read strictly: a label that was not offered and a
number that was not shown say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from assistant.answering.prompts import JUDGING_VERSION, judging_prompt
from assistant.answering.written import Reply
from assistant.models.talk import ChatModel
from assistant.seams import Judge, Judgement, Opinion


class LangChainJudge:
    """Asks the chat model `model` once for several contacts."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """The model and the version of what it is asked."""
        return f"{self._model.name} {JUDGING_VERSION}"

    def judge(self, texts: Sequence[str], causes: Mapping[str, str], stages: Mapping[str, str]) -> Judgement:
        """An opinion on each text, an empty one where the model gave none; None, with a notice, when it failed."""
        said = self._model.ask(
            lambda json_only: judging_prompt(texts, causes, stages, json_only=json_only),
            len(texts),
        )
        if said.reply is None:
            return Judgement(None, said.notice, said.usage)
        found = _by_number(said.reply, causes, stages)
        return Judgement(tuple(found.get(number, Opinion()) for number in range(1, len(texts) + 1)), usage=said.usage)


class LimitedJudge:
    """`judge`, as long as `exceeded` has nothing to say; it is asked before each call."""

    def __init__(self, judge: Judge, exceeded: Callable[[], str]) -> None:
        self._judge = judge
        self._exceeded = exceeded
        self.name = judge.name

    def judge(self, texts: Sequence[str], causes: Mapping[str, str], stages: Mapping[str, str]) -> Judgement:
        """An opinion on each text, or none and the limit that was reached."""
        reason = self._exceeded()
        return Judgement(None, reason) if reason else self._judge.judge(texts, causes, stages)


def _by_number(reply: Reply, causes: Collection[str], stages: Collection[str]) -> dict[int, Opinion]:
    """What the reply says of each number; of two words on one number the first counts."""
    found: dict[int, Opinion] = {}
    for part in reply.parts:
        cause, _, stage = (piece.strip().casefold() for piece in part.text.partition("/"))
        opinion = Opinion(cause if cause in causes else "", stage if stage in stages else "")
        for number in part.citations:
            found.setdefault(number, opinion)
    return found
