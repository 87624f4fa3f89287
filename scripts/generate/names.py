"""How PyTorch's Python names become JavaScript names."""

from __future__ import annotations

import re

# Words that cannot name a binding or a parameter in a strict-mode module.
RESERVED_WORDS = frozenset(
    "arguments await break case catch class const continue debugger default delete do else enum "
    "eval export extends false finally for function if implements import in instanceof interface "
    "let new null package private protected public return static super switch this throw true try "
    "typeof var void while with yield".split()
)

_DUNDER = re.compile(r"__\w+__")


def camel_case(name: str) -> str:
    """`requires_grad_` -> `requiresGrad_`, `_foo_bar` -> `_fooBar`, `__and__` stays as it is."""
    if _DUNDER.fullmatch(name):
        return name
    match = re.fullmatch(r"(_*)(.*?)(_*)", name)
    assert match is not None
    leading, body, trailing = match.groups()
    head, *tail = body.split("_")
    return leading + head + "".join(part[:1].upper() + part[1:] for part in tail) + trailing


def binding_name(name: str) -> str:
    """A name that may stand as a parameter or a variable."""
    return f"{name}_" if name in RESERVED_WORDS else name
