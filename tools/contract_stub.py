"""Keep docs/contract.pyi, the typed stub of the public contract, equal to the code: `--write` brings it up to date."""

import ast
import importlib
import inspect
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
STUB: Final = ROOT / "docs" / "contract.pyi"
_HEAD: Final = '"""The public contract, written by `make docs` from the code; more may be added, nothing taken away."""'
_KEPT_SPECIAL: Final = frozenset({"__init__", "__getitem__", "__iter__", "__len__", "__aenter__", "__aexit__"})


def stub() -> str:
    """The names that `tidegate` hands out, with their fields and signatures, alphabetically."""
    face = importlib.import_module("tidegate")
    parts = [_stub_of(name, getattr(face, name)) for name in sorted(face.__all__) if not name.startswith("_")]
    return "\n\n".join([_HEAD, *parts]) + "\n"


def _stub_of(name: str, value: object) -> str:
    if inspect.isclass(value) or inspect.isfunction(value):
        return ast.unparse(_without_bodies(_definition(name, inspect.unwrap(value))))
    members = sorted(kind.__name__ for kind in getattr(value, "__args__", ()))
    return f"{name} = " + " | ".join(members)


def _definition(name: str, value: object) -> ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef:
    source = inspect.getsourcefile(value)  # type: ignore[arg-type]  # a class or a function, as the caller has seen
    tree = ast.parse(Path(source or "").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return node
    raise LookupError(f"{name} is not defined in {source}")


def _without_bodies(
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef:
    if not isinstance(node, ast.ClassDef):
        node.body = [ast.Expr(ast.Constant(...))]
        return node
    kept: list[ast.stmt] = []
    for member in node.body:
        if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
            if not member.name.startswith("_") or member.name in _KEPT_SPECIAL:
                kept.append(_without_bodies(member))
        elif isinstance(member, ast.AnnAssign | ast.Assign) and not _is_private(member):
            kept.append(member)
    node.body = kept or [ast.Expr(ast.Constant(...))]
    return node


def _is_private(member: ast.AnnAssign | ast.Assign) -> bool:
    target = member.target if isinstance(member, ast.AnnAssign) else member.targets[0]
    return isinstance(target, ast.Name) and target.id.startswith("_")


def main(arguments: list[str]) -> int:
    """Write the stub, or say whether it is up to date."""
    if "--write" in arguments:
        STUB.write_text(stub(), encoding="utf-8")
        return 0
    if STUB.read_text(encoding="utf-8") == stub():
        return 0
    sys.stderr.write(
        "docs/contract.pyi is not what the code says: run `make docs`, and see what the change takes away\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
