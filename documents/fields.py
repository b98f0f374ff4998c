"""What a type's fields may hold, as a table: from its JSON Schema, with what its source says under each attribute."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import inspect

from documents.attributes import said_of
from documents.markdown import table

Schema = Mapping[str, Any]
_BOUNDS: Final = (("minimum", "maximum", ""), ("minLength", "maxLength", "characters"), ("minItems", "maxItems", ""))
_NAMES: Final = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "`true`, `false`"}
_HUGE: Final = 1e12


def sources_of(*types: Any) -> dict[str, dict[str, str]]:
    """By the name of each structure in these types: what its source says of its attributes, inherited ones too."""
    found: dict[str, dict[str, str]] = {}
    left = [inspect.type_info(kind) for kind in types]
    while left:
        kind = left.pop()
        if isinstance(kind, inspect.StructType):
            if kind.cls.__name__ in found:
                continue
            found[kind.cls.__name__] = _said_with_bases(kind.cls)
            left += [field.type for field in kind.fields]
        for part in ("types", "item_types"):
            left += getattr(kind, part, ())
        left += [getattr(kind, part) for part in ("item_type", "value_type", "type") if _is_type(kind, part)]
    return found


def fields_table(component: Schema, said: Mapping[str, str], link: str) -> str:
    """The fields; `link` leads to a component by its name."""
    needed = component.get("required", ())
    rows = [
        (
            f"`{name}`",
            told(schema, link),
            "yes" if name in needed else default_of(schema),
            said.get(name, "") or schema.get("description", ""),
        )
        for name, schema in component.get("properties", {}).items()
    ]
    return table(("field", "is", "needed", "what it says"), rows)


def told(schema: Schema, link: str) -> str:
    """A schema in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}]({link.format(name.lower())})"
    if "anyOf" in schema or "oneOf" in schema:
        return " or ".join(dict.fromkeys(_alternatives(schema.get("anyOf") or schema["oneOf"], link)))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    return _plain(schema, link)


def default_of(schema: Schema) -> str:
    """What counts where it's left out, if that is something."""
    default = schema.get("default")
    return "" if default in (None, "", [], {}) else f"else `{str(default).lower() if default is False else default}`"


def _alternatives(schemas: Iterable[Schema], link: str) -> list[str]:
    return [told(schema, link) for schema in schemas if schema.get("type") != "null"]


def _plain(schema: Schema, link: str) -> str:
    kind = schema.get("type", "anything")
    if kind == "array":
        if "prefixItems" in schema:
            return f"a list of {', '.join(told(one, link) for one in schema['prefixItems'])}"
        name = f"a list: {told(schema['items'], link)}" if schema.get("items") else "a list"
    elif kind == "object":
        values = schema.get("additionalProperties")
        name = f"an object: {told(values, link)}" if isinstance(values, dict) else "an object"
    else:
        name = _NAMES.get(kind, str(kind))
    limits = _limits(schema)
    return f"{name} ({limits})" if limits else name


def _limits(schema: Schema) -> str:
    for least, most, unit in _BOUNDS:
        low, high = _shown(schema.get(least)), _shown(schema.get(most))
        if low and high:
            return f"{low} to {high} {unit}".rstrip()
        if low or high:
            return f"{'at least' if low else 'at most'} {low or high} {unit}".rstrip()
    return ""


def _shown(bound: float | None) -> str:
    """A bound, unless it's so far away that it says nothing."""
    return "" if bound is None or abs(bound) >= _HUGE else f"{bound:,}"


def _said_with_bases(cls: type) -> dict[str, str]:
    own = [one for one in reversed(cls.__mro__) if one.__module__.partition(".")[0] not in ("builtins", "msgspec")]
    return {name: text for one in own for name, text in said_of(one).items()}


def _is_type(kind: inspect.Type, part: str) -> bool:
    return isinstance(getattr(kind, part, None), inspect.Type)
