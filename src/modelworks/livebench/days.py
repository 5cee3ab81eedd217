"""Days in params.yaml: text YYYY-MM-DD, since YAML's own dates have no single meaning."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator


def _day(text: str) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ValueError(f"must be a day YYYY-MM-DD in quotes, got {text!r}")


Day = Annotated[str, AfterValidator(_day)]
