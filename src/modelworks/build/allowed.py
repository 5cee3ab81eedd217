"""Says in words what a pydantic model allows: `a number > 0`, `one of 'a', 'b'`, and which keys it has."""

import difflib
import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from modelworks.build.plain_yaml import KeyPath

_WORDS: dict[Any, str] = {
    int: "an integer",
    float: "a number",
    str: "text",
    bool: "true or false",
    types.NoneType: "null",
    None: "null",
}
_BOUNDS = (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))


def describe(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """What values an annotation with its constraints allows."""
    metadata = [part for item in metadata for part in (item.metadata if isinstance(item, FieldInfo) else [item])]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return describe(arguments[0], [*arguments[1:], *metadata])
    if origin is Literal:
        return f"one of {', '.join(map(repr, arguments))}" if len(arguments) > 1 else repr(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(describe(argument, metadata) for argument in arguments))
    if origin is list or annotation is list:
        words = f"a list, each {describe(arguments[0])}" if arguments else "a list"
    elif origin is dict or annotation is dict:
        words = "a mapping"
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        words = f"a mapping with the keys {', '.join(annotation.model_fields)}"
    else:
        words = _WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)))
    return words + ("" if annotation in (None, types.NoneType, bool) else _constraints(metadata))


def _constraints(metadata: Iterable[Any]) -> str:
    parts = []
    for item in metadata:
        parts += [f"{sign} {_number(getattr(item, name))}" for name, sign in _BOUNDS if _given(item, name)]
        if _given(item, "min_length"):
            parts.append("not empty" if item.min_length == 1 else f"of at least {item.min_length} items")
        if _given(item, "max_length"):
            parts.append(f"of at most {item.max_length} items")
        if _given(item, "multiple_of"):
            parts.append(f"a multiple of {item.multiple_of}")
        if _given(item, "pattern"):
            parts.append(f"matching {item.pattern}")
    return f" {' and '.join(parts)}" if parts else ""


def _given(item: Any, name: str) -> bool:
    return getattr(item, name, None) is not None


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The one model that an annotation holds, through Annotated and `| None`; else None."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return model_of(arguments[0])
    if origin in (Union, types.UnionType):
        others = [argument for argument in arguments if argument is not types.NoneType]
        return model_of(others[0]) if len(others) == 1 else None
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def field_at(model: type[BaseModel], path: KeyPath) -> FieldInfo | None:
    """The field that a path of keys names, or None."""
    found: FieldInfo | None = None
    section: type[BaseModel] | None = model
    for part in path:
        if section is None or part not in section.model_fields:
            return None
        found = section.model_fields[str(part)]
        section = model_of(found.annotation)
    return found


def keys(model: type[BaseModel], prefix: KeyPath = ()) -> Iterator[tuple[KeyPath, FieldInfo]]:
    """Every key below a model, sections before what they hold."""
    for name, info in model.model_fields.items():
        yield (*prefix, name), info
        if section := model_of(info.annotation):
            yield from keys(section, (*prefix, name))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known dotted key that `name` was most likely meant to be: alike as a whole, or in its last part."""
    candidates = list(known)
    if whole := difflib.get_close_matches(name, candidates, 1, 0.75):
        return whole[0]
    by_last: dict[str, str] = {}
    for candidate in candidates:
        by_last.setdefault(candidate.rpartition(".")[2], candidate)
    last = difflib.get_close_matches(name.rpartition(".")[2], by_last, 1, 0.7)
    return by_last[last[0]] if last else None
