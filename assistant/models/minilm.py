"""all-MiniLM-L6-v2 with its products in int8: the published float32 weights become an ONNX graph when first needed.

The graph is made for speed on a processor (decision record 0003). Weights are int8, each column with its own scale.
What they are multiplied by is quantised too, with one scale a text, so two measures keep that scale fine:

- before a product, values from a layer norm are divided, column by column, by how far its weights let them reach, and
  the weights are multiplied by the same: columns that run high no longer set the scale of all (SmoothQuant, Xiao et
  al., 2023, with the reach read off the norm instead of measured on data);
- before the second product of a feed-forward block, each token's row is divided by its largest value, and the product
  multiplied by it: a few tokens run ten times higher than all others.

A text is computed alone: nothing is padded, and its vector depends on nothing but the text.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.models.onnx_graph import ORT, Graph
from assistant.seams import Vectors

WIDTH = 384
_LAYERS = 6
_HEADS = 12
_EPSILON = 1e-12
_SMOOTHING = 0.7  # cosine to float32 on 100 passages: 0.9978 without, 0.9982 at 0.6, 0.9983 at 0.7, 0.9981 at 1
_NORM_REACH = 3.0  # standard deviations
_GELU_FLOOR = 0.17  # GELU never falls below its negative
_INT8 = 127

Weights = Mapping[str, NDArray[np.float32]]


class MiniLM:
    """Token ids to vectors; safe to call from several threads, each call on one core."""

    def __init__(self, file: Path) -> None:
        """Reads the published `file` (safetensors)."""
        from safetensors.numpy import load_file

        weights: Weights = load_file(file)
        self._words = weights["embeddings.word_embeddings.weight"]
        first_segment = weights["embeddings.token_type_embeddings.weight"][0]
        self._places = weights["embeddings.position_embeddings.weight"] + first_segment
        self._session = _session(_graph(weights))

    def vector(self, ids: Sequence[int]) -> Vectors:
        """The mean of the token vectors of one text, shape `(384,)`, of unit length (the model's own pooling)."""
        embedded = self._words[ids] + self._places[: len(ids)]
        mean: Vectors = self._session.run(None, {"embedded": embedded[None]})[0]
        return mean / np.linalg.norm(mean)


def _session(model: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    if not _has_exact_products():
        # Computed another way, which would take nearly twice the time where it is not needed, too.
        options.add_session_config_entry("session.x64quantprecision", "1")
    # The fused norm is fifteen times slower than an addition and a norm, and took a fifth of the time.
    return onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
    )


def _has_exact_products() -> bool:
    """Whether products of eight bits cannot overflow here: no x86, or one with VNNI; where nothing tells, they can."""
    if platform.machine().lower() not in ("x86_64", "amd64", "i686"):
        return True
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_vnni" in told or "avx_vnni" in told


def _graph(weights: Weights) -> bytes:
    net = _Net(weights)
    norm = "embeddings.LayerNorm"
    state = net.norm("embedded", norm)
    for number in range(_LAYERS):
        layer = f"encoder.layer.{number}"
        attended = net.attention(state, norm, layer)
        norm = f"{layer}.attention.output.LayerNorm"
        state = net.norm(net.sum(state, attended), norm)
        fed = net.feed_forward(state, norm, layer)
        norm = f"{layer}.output.LayerNorm"
        state = net.norm(net.sum(state, fed), norm)
    return net.mean(state)


class _Net:
    """The blocks of the model; values are named, rows are tokens."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._graph = Graph()

    def norm(self, value: str, name: str) -> str:
        scale, shift = self._constant(f"{name}.weight"), self._constant(f"{name}.bias")
        return self._graph.add("LayerNormalization", value, scale, shift, epsilon=_EPSILON)

    def sum(self, *values: str) -> str:
        return self._graph.add("Add", *values)

    def attention(self, state: str, norm: str, layer: str) -> str:
        names = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        smooth, weights = self._smoothed(state, norm, [self._matrix(name) for name in names])
        parts = [self._linear(smooth, matrix, name) for matrix, name in zip(weights, names, strict=True)]
        mixed = self._graph.add("MultiHeadAttention", *parts, domain=ORT, num_heads=_HEADS)
        dense = f"{layer}.attention.output.dense"
        return self._linear(mixed, self._matrix(dense), dense)

    def feed_forward(self, state: str, norm: str, layer: str) -> str:
        wide, narrow = f"{layer}.intermediate.dense", f"{layer}.output.dense"
        smooth, (weights,) = self._smoothed(state, norm, [self._matrix(wide)])
        hidden = self._graph.add("Gelu", self._linear(smooth, weights, wide), domain=ORT)
        highest = self._graph.add("ReduceMax", hidden, self._graph.constant(np.array([-1])))
        highest = self._graph.add("Max", highest, self._graph.constant(np.array([_GELU_FLOOR], np.float32)))
        even = self._graph.add("Div", hidden, highest)
        product = self._graph.add("Mul", self._product(even, self._matrix(narrow)), highest)
        return self.sum(product, self._constant(f"{narrow}.bias"))

    def mean(self, state: str) -> bytes:
        mean = self._graph.add("ReduceMean", state, self._graph.constant(np.array([0, 1])), keepdims=0)
        return self._graph.model("embedded", (1, "tokens", WIDTH), mean, WIDTH)

    def _smoothed(
        self, state: str, norm: str, matrices: Sequence[NDArray[np.float32]]
    ) -> tuple[str, list[NDArray[np.float32]]]:
        """`state` over a scale for each column, and the matrices times the same: their products stay what they were."""
        reach = _NORM_REACH * np.abs(self._weights[f"{norm}.weight"]) + np.abs(self._weights[f"{norm}.bias"])
        largest = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
        scale = reach**_SMOOTHING / largest ** (1 - _SMOOTHING)
        smooth = self._graph.add("Mul", state, self._graph.constant(1 / scale))
        return smooth, [matrix * scale[:, None] for matrix in matrices]

    def _linear(self, value: str, matrix: NDArray[np.float32], name: str) -> str:
        return self._product(value, matrix, self._constant(f"{name}.bias"))

    def _product(self, value: str, matrix: NDArray[np.float32], *bias: str) -> str:
        """`value` times `matrix` in int8, the matrix with one scale a column; plus `bias` where one is given."""
        scale = np.abs(matrix).max(axis=0) / _INT8
        whole = np.rint(matrix / scale).astype(np.int8)
        constants = [self._graph.constant(each) for each in (whole, scale, np.zeros(len(scale), np.int8))]
        return self._graph.add("DynamicQuantizeMatMul", value, *constants, *bias, domain=ORT)

    def _matrix(self, name: str) -> NDArray[np.float32]:
        return self._weights[f"{name}.weight"].T

    def _constant(self, name: str) -> str:
        return self._graph.constant(self._weights[name])
