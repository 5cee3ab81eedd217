"""Times, sizes and money as people read them."""

import math

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


def duration(seconds: float | None) -> str:
    """`3.4 s`, `12 min 05 s`, `3 h 20 min`, `2 d 5 h`; `?` for None."""
    if seconds is None:
        return "?"
    if seconds < 100:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours} h"


def size(count: int | None) -> str:
    """Bytes in powers of a thousand with three digits: `12.3 MB`; `?` for None."""
    if count is None:
        return "?"
    amount, unit = float(count), 0
    while amount >= 999.5 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1000, unit + 1
    if unit == 0:
        return f"{count} B"
    return f"{amount:.{max(0, 3 - len(str(int(amount))))}f} {_SIZES[unit]}"


def money(amount: float, currency: str) -> str:
    """Two decimals, and as many more as two digits of a small amount need: `1,012.30 USD`, `0.000042 USD`."""
    decimals = 2 if amount == 0 else max(2, 1 - math.floor(math.log10(amount)))
    return f"{amount:,.{decimals}f} {currency}"


def moment(iso: str) -> str:
    """2026-11-24T10:15:00Z as `2026-11-24 10:15 UTC`."""
    return f"{iso[:10]} {iso[11:16]} UTC"
