"""Tensors in a safetensors file, written and read one by one: never a second copy of all.

The format (huggingface/safetensors, README): eight bytes with the length of a JSON header, the
header {name: {dtype, shape, data_offsets}}, then the bytes of all tensors. No code is ever read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import torch
from safetensors import safe_open

_TYPES: Final[dict[torch.dtype, str]] = {
    torch.float32: "F32",
    torch.float16: "F16",
    torch.int64: "I64",
}
_AT_ONCE: Final = 8 * 1024 * 1024

Tensors = Mapping[str, torch.Tensor]


def write(stream: BinaryIO, tensors: Tensors) -> str:
    """Write to an open stream; the SHA-256 of what was written. KeyError for an unusual type."""
    ordered = {name: tensors[name] for name in sorted(tensors)}
    digest = hashlib.sha256()
    header = _header(ordered)
    digest.update(header)
    stream.write(header)
    for tensor in ordered.values():
        content = tensor.detach().cpu().contiguous().numpy().reshape(-1).view(np.uint8).data
        digest.update(content)
        stream.write(content)
    return digest.hexdigest()


def read(path: Path) -> dict[str, torch.Tensor]:
    """All tensors of a file, each in memory of its own. Raises SafetensorError, OSError."""
    with safe_open(path, framework="pt") as file:
        # Memory of its own is aligned as torch's always is: results do not depend on the file.
        return {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118


def file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(_AT_ONCE):
            digest.update(part)
    return digest.hexdigest()


def _header(tensors: Tensors) -> bytes:
    entries: dict[str, Any] = {}
    start = 0
    for name, tensor in tensors.items():
        end = start + tensor.numel() * tensor.element_size()
        entries[name] = {
            "dtype": _TYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
        start = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text
