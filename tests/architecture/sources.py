"""The source files of the project, parsed once, for the tests that read them."""

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file: its path below the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @cached_property
    def _nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    def nodes(self) -> Iterator[ast.AST]:
        return iter(self._nodes)

    def functions(self) -> Iterator[Function]:
        for node in self.nodes():
            if isinstance(node, Function):
                yield node

    def imports(self) -> Iterator[str]:
        """Every module that is imported, anywhere in the file, by its full name."""
        for node in self.nodes():
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def sources(*places: str) -> tuple[Source, ...]:
    """The files of these folders (or these files), in order."""
    found = [ROOT / place for place in places]
    files = []
    for place in found:
        here = [place] if place.is_file() else list(place.rglob("*.py"))
        assert here, f"{place} has moved"
        files += here
    gc.disable()  # a tree is all objects and no garbage: looking for it takes longer than parsing
    try:
        return tuple(_source(file) for file in sorted(files))
    finally:
        gc.enable()


@cache
def _source(file: Path) -> Source:
    text = file.read_text(encoding="utf-8")
    return Source(str(file.relative_to(ROOT)), text, ast.parse(text))
