"""Generated samples as one self-contained HTML page for the report."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }}
h2 {{ font-size: 1rem; margin: 2rem 0 .5rem; }}
h2 span {{ font-weight: normal; color: #595959; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; background: #f5f5f5; padding: 1rem;
  border-radius: .25rem; font-size: .875rem; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{lead}</p>
{samples}</body>
</html>
"""


def page(title: str, lead: str, samples: Sequence[Mapping[str, Any]]) -> str:
    """HTML with each sample's `text`, number, `tokens` and whether it `ended` by itself; everything is escaped."""
    shown = "".join(
        f"<h2>Sample {number} <span>{len(sample['tokens'])} tokens, "
        f"{'ended by itself' if sample['ended'] else 'cut off'}</span></h2>\n<pre>{html.escape(sample['text'])}</pre>\n"
        for number, sample in enumerate(samples, 1)
    )
    return _PAGE.format(title=html.escape(title), lead=html.escape(lead), samples=shown)
