"""The errors of the engine that are the user's to mend."""


class ModelworksError(Exception):
    """Its text says what is wrong, where, and what to do: it is shown without a traceback."""
