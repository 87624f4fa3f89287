"""Python signatures as TypeScript overloads."""

from __future__ import annotations

import dataclasses
import itertools

from torchgen.api.python import PythonArgument, PythonSignatureGroup, structseq_fieldnames
from torchgen.model import BaseTy, BaseType, ListType, NativeFunction, OptionalType, SchemaKind, Type

from catalog import Entry
from exceptions import NUMBERS_AS_TENSORS, WIDE_INTEGERS
from names import binding_name, camel_case

_BASE_TYPES = {
    BaseTy.Tensor: "Tensor",
    BaseTy.int: "number",
    BaseTy.SymInt: "number",
    BaseTy.DeviceIndex: "number",
    BaseTy.float: "number",
    BaseTy.str: "string",
    BaseTy.Scalar: "Scalar",
    BaseTy.ScalarType: "Dtype",
    BaseTy.bool: "boolean",
    BaseTy.QScheme: "string",
    BaseTy.Layout: "Layout",
    BaseTy.Device: "DeviceLike",
    BaseTy.MemoryFormat: "MemoryFormat",
    BaseTy.Generator: "Generator",
}


@dataclasses.dataclass(frozen=True)
class Parameter:
    name: str
    # The members of a union.
    types: tuple[str, ...]
    optional: bool

    def type(self) -> str:
        ordered = [t for t in self.types if t != "null"] + ["null"] * ("null" in self.types)
        return " | ".join(ordered)

    def positional(self) -> str:
        return f"{binding_name(self.name)}{'?' * self.optional}: {self.type()}"

    def option(self) -> str:
        return f"{self.name}{'?' * self.optional}: {self.type()}"


@dataclasses.dataclass(frozen=True)
class Signature:
    positional: tuple[Parameter, ...]
    options: tuple[Parameter, ...]
    # Whether it takes PyTorch's tensor options (dtype, device, ...) on top.
    factory: bool
    # Whether the only positional argument may be spread over several.
    varargs: bool
    returns: str


def _union(*parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(itertools.chain.from_iterable(parts)))


def _argument_types(type_: Type, name: str, numbers: bool) -> tuple[str, ...]:
    if isinstance(type_, OptionalType):
        return _union(_argument_types(type_.elem, name, numbers), ("null",))
    if isinstance(type_, ListType):
        elements = _argument_types(type_.elem, name, False)
        if str(type_.elem) in ("int", "SymInt"):
            return ("number", "Size") if type_.size is not None else ("Size",)
        if len(elements) > 1:
            return (f"readonly ({' | '.join(elements)})[]",)
        return (f"readonly {elements[0]}[]",)
    if not isinstance(type_, BaseType):
        raise TypeError(f"no TypeScript type for {type_}")
    base = _BASE_TYPES[type_.name]
    if type_.name == BaseTy.Tensor and numbers:
        return (base, "Scalar")
    if type_.name in (BaseTy.int, BaseTy.SymInt) and name in WIDE_INTEGERS:
        return ("number", "bigint")
    return (base,)


def _return_type(type_: Type) -> str:
    if isinstance(type_, OptionalType):
        return f"{_return_type(type_.elem)} | null"
    if isinstance(type_, ListType):
        return f"{_return_type(type_.elem)}[]"
    if not isinstance(type_, BaseType):
        raise TypeError(f"no TypeScript type for {type_}")
    return _BASE_TYPES[type_.name]


def _returns(function: NativeFunction) -> str:
    returns = function.func.returns
    types = [_return_type(value.type) for value in returns]
    if not types:
        # Python's binding of _foreach_add_ and the like returns the list it was given.
        name = str(function.func.name.name)
        return "Tensor[]" if name.startswith("_foreach_") and name.endswith("_") else "void"
    if len(types) == 1:
        return types[0]
    fields = structseq_fieldnames(returns)
    result = f"[{', '.join(types)}]"
    if fields:
        members = "; ".join(f"{camel_case(name)}: {t}" for name, t in zip(fields, types))
        result += f" & {{ {members} }}"
    return result


def _parameter(argument: PythonArgument, numbers: bool) -> Parameter:
    # Outside methods Python calls the tensor `input`; the schema says `self`.
    name = "input" if argument.name == "self" else camel_case(argument.name)
    types = _argument_types(argument.type, argument.name, numbers)
    return Parameter(name, types, optional=argument.default is not None)


def _takes_varargs(positional: tuple[PythonArgument, ...]) -> bool:
    """Whether Python also takes the elements of the only argument, a list of integers, one by one."""
    if len(positional) != 1:
        return False
    type_ = positional[0].type
    return isinstance(type_, ListType) and type_.size is None and str(type_.elem) in ("int", "SymInt")


def _out_parameter(group: PythonSignatureGroup) -> Parameter | None:
    output = group.signature.output_args
    if output is None:
        return None
    if len(output.outputs) > 1:
        type_ = f"readonly [{', '.join(_return_type(o.type) for o in output.outputs)}]"
    elif isinstance(output.type, ListType):
        type_ = f"readonly {_return_type(output.type.elem)}[]"
    else:
        type_ = "Tensor"
    return Parameter("out", (type_, "null"), optional=True)


def _signature(entry: Entry, group: PythonSignatureGroup) -> Signature:
    python = group.signature
    numbers = entry.operator in NUMBERS_AS_TENSORS
    options = [_parameter(argument, numbers) for argument in python.input_kwargs]
    out = _out_parameter(group)
    if out is not None:
        options.append(out)
    returns = _returns(group.base)
    if group.base.func.kind() == SchemaKind.inplace and len(group.base.func.returns) == 1:
        returns = "Tensor"
    return Signature(
        tuple(_parameter(argument, numbers) for argument in python.input_args),
        tuple(options),
        # torchgen leaves the options out where tensors are among the arguments, as in
        # sparse_coo_tensor; the operator takes them all the same.
        factory=group.base.func.arguments.tensor_options is not None,
        varargs=_takes_varargs(python.input_args),
        returns=returns,
    )


def _merge_options(first: tuple[Parameter, ...], second: tuple[Parameter, ...]) -> tuple[Parameter, ...] | None:
    """The options of two signatures of which one has an option that must be given more.

    `randint` has an overload with a mandatory generator and one without: together they have an
    optional one.
    """
    more, fewer = (first, second) if len(first) >= len(second) else (second, first)
    extra = [option for option in more if option not in fewer]
    if any(option.optional for option in extra) or len(more) - len(extra) != len(fewer):
        return None
    return tuple(dataclasses.replace(option, optional=True) if option in extra else option for option in more)


def _merge(first: Signature, second: Signature) -> Signature | None:
    """One signature for two that differ in the type of one parameter, or in one's options."""
    if (first.factory, first.varargs, first.returns, len(first.positional)) != (
        second.factory,
        second.varargs,
        second.returns,
        len(second.positional),
    ):
        return None
    merged: list[Parameter] = []
    differing = 0
    for a, b in zip(first.positional, second.positional):
        if (a.name, a.optional) != (b.name, b.optional):
            return None
        differing += a.types != b.types
        merged.append(dataclasses.replace(a, types=_union(a.types, b.types)))
    if first.options == second.options:
        return dataclasses.replace(first, positional=tuple(merged)) if differing <= 1 else None
    options = _merge_options(first.options, second.options) if differing == 0 else None
    return dataclasses.replace(first, options=options) if options is not None else None


def _accepts(parameter: Parameter, other: Parameter) -> bool:
    return (
        parameter.name == other.name
        and set(other.types) <= set(parameter.types)
        and (parameter.optional or not other.optional)
    )


def _covers(first: Signature, second: Signature) -> bool:
    """Whether every call of the second is also a call of the first."""
    if (first.factory, first.varargs, first.returns, len(first.positional)) != (
        second.factory,
        second.varargs,
        second.returns,
        len(second.positional),
    ):
        return False
    if not all(map(_accepts, first.positional, second.positional)):
        return False
    known = {option.name: option for option in first.options}
    given = {option.name for option in second.options}
    return all(option.name in known and _accepts(known[option.name], option) for option in second.options) and all(
        option.optional or option.name in given for option in first.options
    )


def _merge_all(signatures: list[Signature]) -> list[Signature]:
    merged: list[Signature] = []
    for signature in signatures:
        for index, previous in enumerate(merged):
            both = _merge(previous, signature)
            if both is not None:
                merged[index] = both
                break
        else:
            merged.append(signature)
    result: list[Signature] = []
    for signature in merged:
        if not any(_covers(previous, signature) for previous in result):
            result.append(signature)
    return result


def _options_type(parameters: tuple[Parameter, ...], factory: bool) -> str:
    members = "; ".join(parameter.option() for parameter in parameters)
    literal = f"{{ {members} }}" if members else ""
    return " & ".join(filter(None, [literal, "TensorOptions" if factory else ""]))


def _first_named(positional: tuple[Parameter, ...]) -> int:
    """Index of the first positional parameter that may be given by name.

    Optional ones may, and so may a required `dim` before them, for `x.sum({ dim: 0 })`.
    """
    required = sum(not parameter.optional for parameter in positional)
    if required and positional[required - 1].name == "dim":
        return required - 1
    return required


def _trailing(parameters: tuple[Parameter, ...], factory: bool) -> str | None:
    """The declaration of the options object, `None` where there is nothing to put in it."""
    type_ = _options_type(parameters, factory)
    mandatory = any(not parameter.optional for parameter in parameters)
    return f"options{'' if mandatory else '?'}: {type_}" if type_ else None


def _forms(signature: Signature) -> list[str]:
    """The parameter lists by which one signature can be called."""
    positional, options = signature.positional, signature.options
    keywords = _options_type(options, signature.factory)
    trailing = _trailing(options, signature.factory)
    in_full = positional
    if trailing is not None and not trailing.startswith("options?"):
        # Nothing optional can stand before an options object that must be given.
        in_full = tuple(dataclasses.replace(parameter, optional=False) for parameter in positional)
    forms = [", ".join([p.positional() for p in in_full] + ([trailing] if trailing else []))]
    if signature.varargs:
        name = binding_name(positional[0].name)
        forms.append(f"...{name}: number[]")
        if trailing is not None:
            forms.append(f"...args: [...{name}: number[], options: {keywords}]")
    for count in range(_first_named(positional), len(positional)):
        given = [dataclasses.replace(parameter, optional=False) for parameter in positional[:count]]
        named = _options_type(positional[count:] + options, signature.factory)
        forms.append(", ".join([p.positional() for p in given] + [f"options: {named}"]))
    return forms


def overloads(entry: Entry) -> list[str]:
    """TypeScript overloads `(parameters): result`, without a name."""
    signatures = _merge_all([_signature(entry, group) for group in entry.groups])
    lines = [f"({form}): {signature.returns}" for signature in signatures for form in _forms(signature)]
    return list(dict.fromkeys(lines))
