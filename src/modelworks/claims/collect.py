"""All systems' claims in one file and on one page."""

import json

from modelworks.claims.page import page
from modelworks.lm.stable import write_json
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Input: claims (one claims.json a system). Outputs: claims (JSON: a list of them), page (HTML)."""
    systems = [json.loads(path.read_text(encoding="utf-8")) for path in stage.inputs["claims"]]
    write_json(stage.output("claims"), systems)
    stage.output("page").write_text(page(systems), encoding="utf-8", newline="\n")
