"""What stands under a class's attributes in its source: their documentation, which Python itself forgets."""

import ast
import inspect
from itertools import pairwise


def said_of(kind: type) -> dict[str, str]:
    """The text under each attribute that has one, as one line, with Markdown's backticks."""
    tree = ast.parse(inspect.getsource(kind))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    return {
        attribute.target.id: " ".join(text.value.value.split())
        for attribute, text in pairwise(body)
        if isinstance(attribute, ast.AnnAssign)
        and isinstance(attribute.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
