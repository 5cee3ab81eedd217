"""What the sections of params.yaml have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

STRUCTURAL: dict[str, Any] = {"structural": True}

Count = Annotated[int, Field(ge=1)]
Threads = Annotated[int, Field(ge=1, le=256)]


class Section(BaseModel):
    """Every key must be given, no other is known, and no value is silently converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
