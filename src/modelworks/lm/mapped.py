"""Arrays of a safetensors file as read-only memory maps."""

import json
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

_TYPES = {"U8": "u1", "U16": "<u2", "U32": "<u4", "U64": "<u8", "I32": "<i4", "I64": "<i8", "F32": "<f4", "F64": "<f8"}


def map_file(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file by name. Raises ValueError naming the file if it is not such a file."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > min(path.stat().st_size, 100 << 20):
                raise ValueError("its header is longer than the file")
            header = json.loads(file.read(size))
        header.pop("__metadata__", None)
        found = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            kind = numpy.dtype(_TYPES[entry["dtype"]])
            if begin == end:
                found[name] = numpy.empty(entry["shape"], kind)
            else:
                found[name] = numpy.memmap(path, kind, "r", 8 + size + begin, tuple(entry["shape"]))
        return found
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: no readable safetensors file: {error}") from None
