"""The frame of a self-contained HTML page; each kind of page brings its style and its body."""

import html

_FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}</body>
</html>
"""


def page(title: str, style: str, body: str) -> str:
    """A page with `title` (text) as its heading; `style` (CSS) and `body` (HTML) are taken as they are."""
    return _FRAME.format(title=html.escape(title), style=style, body=body)
