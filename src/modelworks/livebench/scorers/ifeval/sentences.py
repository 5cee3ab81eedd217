def sentences(text: str) -> list[str]:
    return text.split(".")
