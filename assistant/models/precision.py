"""Mixed precision on processors that multiply bfloat16 themselves: twice as fast, and vectors that agree to 0.999."""

from __future__ import annotations

import torch


def half_precision() -> torch.autocast:
    """Mixed precision where it is native, else a context that changes nothing: emulated it is slower than float32."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=bool(supported()) if callable(supported) else False)
