"""The texts of the pages, read from the code: what the catalogue has to translate, and where a text goes past it."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dashboard

Law = Callable[[Path], Iterator[str]]
"""Gives the places of a file that break it."""

FOLDER = Path(dashboard.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
_TEXTS = {"say": (0,), "noted": (0,), "plural": (0, 1), "counted": (1, 2)}
"""The functions that take a text for the catalogue, and where among their arguments it stands."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the pages: the catalogue's key, and its plural if it has one."""

    key: str
    plural: str
    place: str


def texts(path: Path) -> Iterator[Text]:
    """Give the texts of a file that are written out in it."""
    for call, name in _calls(path):
        said = [_literal(call.args[at]) for at in _TEXTS[name] if at < len(call.args)]
        if said and said[0] and name == "counted":
            one, many = said[0], said[1] if len(said) > 1 and said[1] else f"{said[0]}s"
            yield Text(f"1 {one}", f"{{count}} {many}", _place(path, call))
        elif said and said[0]:
            yield Text(said[0], (said[1] or "") if len(said) > 1 else "", _place(path, call))


def put_together(path: Path) -> Iterator[str]:
    """Give the places where a text is put together, which no catalogue can know; a variable holds a noted one."""
    for call, name in _calls(path):
        may_vary = name == "say"
        for argument in (call.args[at] for at in _TEXTS[name] if at < len(call.args)):
            if _literal(argument) is None and not (may_vary and _is_looked_up(argument)):
                yield f"{_place(path, call)}: {ast.unparse(argument)}"


def said_too_early(path: Path) -> Iterator[str]:
    """Give the places where a text is said as a file is read: nobody looks at a page then, and so in no language."""
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call) and _name(node) in {"say", "plural"}:
            yield _place(path, node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif not isinstance(node, ast.Lambda):
            pending += ast.iter_child_nodes(node)


def raw(path: Path) -> Iterator[str]:
    """Give the texts that are written out in a call which draws, and so go past the catalogue."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        is_log = isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_LOGGER")
        if isinstance(node, ast.Call) and not is_log and (places := _DRAWING.get(_name(node))) is not None:
            named = [each.value for each in node.keywords if each.arg in _SHOWN]
            given = [node.args[at] for at in places if at < len(node.args)]
            found = [text for each in named for text in _written(each) if _LETTER.search(_NO_WORDS.sub("", text))]
            found += [text for each in given for text in _written(each) if _WORDS.search(_NO_WORDS.sub("", text))]
            yield from (f"{_place(path, node)}: {text}" for text in found if text not in _AS_IT_IS)


_FIRST = (
    "badge", "button", "caption", "checkbox", "date_input", "dialog", "download_button", "error", "expander",
    "form_submit_button", "info", "link_button", "markdown", "multiselect", "number_input", "page_link", "pills",
    "popover", "radio", "segmented_control", "select_slider", "selectbox", "slider", "spinner", "status", "subheader",
    "success", "text", "text_area", "text_input", "time_input", "title", "toast", "toggle", "warning", "write",
    "Figure", "choice", "CheckboxColumn", "DateColumn", "DatetimeColumn", "LinkColumn", "NumberColumn",
    "ProgressColumn", "TextColumn",
)  # fmt: skip
_DRAWING = {
    **dict.fromkeys(_FIRST, (0,)),
    **dict.fromkeys(("Bar", "Scatter", "add_bar", "add_scatter", "finish", "update_layout"), ()),
    "card": (0, 1),
    "header": (1, 2),
    "label": (0,),
    "metric": (0,),
    "plot": (2,),
    "several": (1, 4),
}
"""The functions that draw, and where among their arguments stands what is read."""
_SHOWN = frozenset({
    "alt", "body", "delta_description", "help", "hoverformat", "hovertemplate", "label", "name", "note", "placeholder",
    "tickformat", "x_title", "y_title",
})  # fmt: skip
_NO_WORDS = re.compile(r":[a-z-]+/?\w*[:[]|%\{[^}]*\}|%-?[a-zA-Z]|<[^>]*>")
"""Icons, colours, fields, formats and marks."""
_LETTER = re.compile(r"[A-Za-z]")
_WORDS = re.compile(r"[A-Z][a-z]|[A-Za-z]{2,} | [A-Za-z]{2,}")
"""What a reader reads; a key or an address has neither blanks nor capitals."""
_AS_IT_IS = frozenset({
    "Clear to Send", "restock:trail-shoes", "order_ready", "en", "https://example.com/shoes.jpg",
})  # fmt: skip
"""A name, and examples of what is the same in every language."""


def _calls(path: Path) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node) in _TEXTS and not _hands_on(path, node):
            yield node, _name(node)


def _hands_on(path: Path, call: ast.Call) -> bool:
    """Say whether a call is the inside of one of these functions, which hands on what it was given."""
    return path.name in {"language.py", "words.py"} and _literal(call.args[_TEXTS[_name(call)][0]]) is None


def _name(call: ast.Call) -> str:
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _written(node: ast.expr) -> Iterator[str]:
    """Give the parts of a text that are written out where it is made; what a call returns is not looked at."""
    if (text := _literal(node)) is not None:
        yield text
    elif isinstance(node, ast.JoinedStr):
        yield from (part for each in node.values for part in _written(each))
    elif isinstance(node, ast.BinOp):
        yield from (*_written(node.left), *_written(node.right))
    elif isinstance(node, ast.IfExp):
        yield from (*_written(node.body), *_written(node.orelse))


def _is_looked_up(node: ast.expr) -> bool:
    """Say whether a text comes out of a variable or a table: it was noted where it stands."""
    if isinstance(node, ast.BoolOp):
        return all(_literal(each) == "" or _is_looked_up(each) for each in node.values)
    if isinstance(node, ast.Call):
        return _name(node) == "get"
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def _place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(FOLDER)}:{getattr(node, 'lineno', 0)}"
