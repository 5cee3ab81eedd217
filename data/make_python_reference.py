"""Write data/python_reference.jsonl from the topics that ship with CPython: `python data/make_python_reference.py`."""

import json
from pathlib import Path
from pydoc_data.topics import topics

if __name__ == "__main__":
    rows = [json.dumps({"id": name, "text": topics[name]}, ensure_ascii=False) + "\n" for name in sorted(topics)]
    (Path(__file__).parent / "python_reference.jsonl").write_text("".join(rows), encoding="utf-8", newline="\n")
