"""The section `eeipu` of params.yaml."""

from typing import Annotated

from pydantic import Field

from modelworks.section import Section

Margin = Annotated[float, Field(ge=0)]


class Claims(Section):
    """The margins of eeipu's claims, declared before the run; what each is a margin of: `modelworks.eeipu.claims`."""

    confidence: float = Field(gt=0.5, lt=1)
    times_the_candidates: Margin
    better_value: Margin
    control_within: Margin


class Eeipu(Section):
    """Sweeps over params: what their comparison has to show."""

    claims: Claims
