"""Sizes in bytes, for people."""


def human(size: float) -> str:
    """1.5 GB for 1,500,000,000 bytes."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
