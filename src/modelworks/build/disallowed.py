"""What a pydantic model does not allow of values, in words: what it allows, what was found, which known key is near."""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any, TypeVar

from modelworks.build.plain_yaml import Fault, KeyPath, dotted

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)


def schema_faults(data: Any) -> list[Fault]:
    """What of the values of a params file the schema does not allow."""
    from modelworks.schema import Params

    model, faults = model_faults(data, Params)
    return faults if model is None else [Fault(path, f"is missing: {text}") for path, text in _defaulted(model, ())]


def model_faults(data: Any, root: "type[Model]") -> tuple["Model | None", list[Fault]]:
    """The values as a model, or everything that it does not allow of them."""
    from pydantic import ValidationError

    try:
        return root.model_validate(data), []
    except ValidationError as error:
        faults = [_fault(item, data, root) for item in error.errors(include_url=False)]
        return None, list(dict.fromkeys(faults))


def _fault(item: Any, data: Any, root: "type[BaseModel]") -> Fault:
    from modelworks.build.allowed import describe, field_at, keys

    kind, place = item["type"], tuple(item["loc"])
    path = _real_path(data, place)
    if kind == "extra_forbidden":
        known = [path for path, _ in keys(root)]
        beside = [path[-1] for path in known if path[:-1] == place[:-1]]
        near = hint(dotted(place), map(dotted, known)) or f"; known here: {', '.join(map(str, beside))}"
        return Fault(place, f"is not a known key{near}")
    field = field_at(root, tuple(part for part in path if isinstance(part, str)))
    if kind == "missing":
        field = field_at(root, place)
        wanted = f": it must be {describe(field.annotation, field.metadata)}" if field else ""
        return Fault(place, f"is missing{wanted}")
    if kind in ("value_error", "assertion_error"):
        return Fault(path, f": {item['ctx']['error']}")
    while field and isinstance(path[-1], int):
        path = path[:-1]
    wanted = f"must be {describe(field.annotation, field.metadata)}" if field else f": {item['msg']}"
    return Fault(path, f"{wanted}, got {shown(reduce(getitem, path, data))}")


def _real_path(data: Any, place: KeyPath) -> KeyPath:
    """The part of pydantic's location that is in the data: it also names members of unions."""
    path: KeyPath = ()
    for part in place:
        known = part in data if isinstance(data, Mapping) else isinstance(data, list) and isinstance(part, int)
        if not known:
            continue
        data = data[part]
        path = (*path, part)
    return path


def _defaulted(model: "BaseModel", prefix: KeyPath) -> list[tuple[KeyPath, str]]:
    from pydantic import BaseModel

    from modelworks.build.allowed import describe

    found = []
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if name not in model.model_fields_set:
            found.append(((*prefix, name), f"it must be {describe(info.annotation, info.metadata)}"))
        elif isinstance(value, BaseModel):
            found += _defaulted(value, (*prefix, name))
    return found


def hint(key: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the nearest known key, or nothing."""
    from modelworks.build.allowed import nearest

    near = nearest(key, known)
    return f"; the nearest known key is {near}" if near else ""


def line(origin: str, fault: Fault) -> str:
    """A fault with the file it is in."""
    where = f"{origin}: {dotted(fault.path)}" if fault.path else f"{origin}:"
    return where + ("" if fault.text.startswith(":") else " ") + fault.text


def shown(value: Any) -> str:
    """A value for an error, in at most 80 characters."""
    if isinstance(value, Mapping):
        return f"a mapping with the keys {', '.join(map(str, value))}"[:80] if value else "an empty mapping"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
