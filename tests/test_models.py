"""The embedders: pinned weights, unit rows, the same vector whatever the batch; another model by setting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError
from assistant.models import weights
from assistant.models.embedder import OnnxMiniLM, load_embedder
from ui.home import open_home
from ui.intake import Intake

TEXTS = ["How do I reset my password?", "", " ", "Größe 🙂", "x" * 50_000, "a\ud800b", "The printer is offline.\n" * 40]


def test_rows_have_unit_length_and_keep_their_order(embedder: OnnxMiniLM) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_depends_on_nothing_but_its_text(embedder: OnnxMiniLM) -> None:
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert np.array_equal(embedder.embed(TEXTS), alone)
    assert np.array_equal(embedder.embed(TEXTS[::-1]), alone[::-1])


def test_what_means_the_same_is_near(embedder: OnnxMiniLM) -> None:
    asked, near, far = embedder.embed(["I forgot my password", "How to reset a lost password", "Recipes for pancakes"])
    assert asked @ near > asked @ far + 0.3


def test_no_texts_are_no_rows(embedder: OnnxMiniLM) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_tokens_are_counted_without_the_special_ones(embedder: OnnxMiniLM) -> None:
    assert embedder.count(["hello world", ""]) == [2, 0]


def test_the_int8_backend_stays_close_to_the_published_weights(embedder: OnnxMiniLM) -> None:
    published = load_embedder("all-MiniLM-L6-v2-torch")
    texts = [
        "How do I reset my password?",
        "Größe 🙂",
        "x",
        "The printer is offline.\n" * 40,
        "Löschen Sie den Kalender.",
    ]
    assert np.min(np.sum(embedder.embed(texts) * published.embed(texts), axis=1)) > 0.99


def test_altered_weights_are_refused_before_they_are_loaded(tmp_path: Path) -> None:
    fake = tmp_path / "model.safetensors"
    fake.write_bytes(b"not the model")
    with pytest.raises(ModelError, match="expected sha256"):
        weights.verified(fake)
    with pytest.raises(ModelError, match="missing"):
        weights.verified(tmp_path / "gone" / "model.safetensors")


def test_an_unknown_model_is_refused_with_what_to_do() -> None:
    with pytest.raises(ModelError, match="WAYPOST_ALLOW_MODEL_DOWNLOAD"):
        load_embedder("nobody/no-such-model").embed(["x"])


def test_another_model_by_setting_embeds_anew_and_answers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Zebra mode\n\nZebra mode paints stripes on the wall display at night.\n")
    data = tmp_path / "data"
    for name in ("all-MiniLM-L6-v2", str(weights.minilm_folder())):
        data.mkdir(exist_ok=True)
        (data / "waypost.toml").write_text(f'[models]\nembedder = "{name}"\n')
        home = open_home(data, create=True)
        intake = Intake(home, home.owned_index())
        intake.run([str(page)])
        intake.close()
        live = home.generations.live()
        assert live is not None
        assert live.model_id == home.embedder.model_id
        index = home.reader_index()
        ids, _, _, vectors = home.generations.matrix(home.embedder.model_id)
        assert len(ids) == len(vectors) == 1
        found = index.dense(home.embedder.embed(["stripes"])[0], kinds=("doc",), roles=("body",), k=3)
        assert [chunk_id for chunk_id, _ in found] == ids
        home.close()
