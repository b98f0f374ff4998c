"""`docs/settings.md`: every setting with its default, its limits and what it does, from the typed settings."""

from typing import Final

import msgspec
from msgspec import inspect

from contracts.settings import PREFIX, Settings
from documents.attributes import said_of
from documents.markdown import page, table

_INTRODUCTION: Final = f"""\
All of them are variables of the environment, read once when a program starts, and the same for every program (stream,
serving, nightly, the command line). A name that isn't known is refused with the nearest one that is, and so is a value
that doesn't fit, in one line:

```sh
{PREFIX}API_PROT=8080 moodstream status || true
```

<!-- as printed: by the block above -->
```text
moodstream: {PREFIX}API_PROT is no setting: did you mean {PREFIX}API_PORT?
```

A switch is `true` or `false`. Addresses are shown without their passwords, and secrets not at all, in logs and errors.
"""


def settings_page() -> str:
    """The page."""
    said, fields = said_of(Settings), msgspec.structs.fields(Settings)
    if silent := [field.name for field in fields if field.name not in said]:
        raise LookupError(f"contracts/settings.py says nothing under {', '.join(silent)}: say what each does")
    rows = [_row(field, said[field.name]) for field in fields]
    return page("Settings", _INTRODUCTION, table(("variable", "default", "may be", "what it does"), rows))


def _row(field: msgspec.structs.FieldInfo, said: str) -> tuple[str, ...]:
    default = field.default
    shown = "" if default in (None, "") else f"`{str(default).lower() if isinstance(default, bool) else default}`"
    return f"`{PREFIX}{field.name.upper()}`", shown, _limits(inspect.type_info(field.type)), said


def _limits(kind: inspect.Type) -> str:
    match kind:
        case inspect.UnionType():
            return _limits(next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
        case inspect.LiteralType():
            return ", ".join(f"`{value}`" for value in kind.values)
        case inspect.BoolType():
            return "`true`, `false`"
        case inspect.IntType() | inspect.FloatType():
            name = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
            return f"{name}{_bounds(kind)}"
    return "a path" if isinstance(kind, inspect.CustomType) else "a text"


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    least = f"{kind.ge:,} or more" if kind.ge is not None else f"more than {kind.gt:,}" if kind.gt is not None else ""
    most = f"{kind.le:,} or less" if kind.le is not None else ""
    return f", {' and '.join(filter(None, (least, most)))}" if least or most else ""
