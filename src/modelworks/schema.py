"""The root of params.yaml: one section for each system, and the seed that they share.

Read by the engine and the Snakefile only; a stage is given plain values.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from modelworks.build.prices import Prices
from modelworks.eeipu.params import Eeipu
from modelworks.k2.params import K2
from modelworks.livebench.params import Livebench


class Params(BaseModel):
    """Every key of params.yaml. Each must be there: DVC reads the file, not the defaults of a class."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    seed: Annotated[int, Field(ge=0, lt=1 << 63)]
    prices: Prices
    k2: K2
    livebench: Livebench
    eeipu: Eeipu
