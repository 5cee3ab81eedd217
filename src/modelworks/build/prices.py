"""The section `prices` of params.yaml: what a device costs. No stage reads it, so no key holds it."""

from pydantic import BaseModel, ConfigDict, Field


class Prices(BaseModel):
    """Money for an hour of one device: a CPU core's share of a machine, a GPU with its host."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    currency: str = Field(min_length=1)
    cpu: float = Field(ge=0)
    gpu: float = Field(ge=0)
