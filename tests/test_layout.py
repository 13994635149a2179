"""The laws of the house, read from the code itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import STAGES

ROOT = Path(__file__).parent.parent
CODE = [path for folder in ("pipelines", "dashboard", "data") for path in sorted((ROOT / folder).rglob("*.py"))]
PYTHON = CODE + sorted((ROOT / "tests").rglob("*.py"))
SQL = [path for folder in ("pipelines", "dashboard", "data") for path in sorted((ROOT / folder).rglob("*.sql"))]
CLOCK_READERS = {"pipelines/cli.py", "dashboard/app.py"}
TOP_LEVEL = {
    "dashboard", "pipelines", "tests", "data", "pyproject.toml", "README.md", "Makefile", "LICENSE",
    "requirements.lock",
}  # fmt: skip
UNTRACKED = {"home", "demo-home", "dist", "build"}  # .gitignore keeps these out


def name(path: Path) -> str:
    """Return a path as it reads from the top of the project."""
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    """Parse a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=name(path))


def imports(path: Path) -> Iterator[str]:
    """Give the full dotted name of all that a file imports, wherever in the file it does so."""
    package = list(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def is_of(imported: str, *packages: str) -> bool:
    """Say whether an import comes from one of the packages."""
    return any(imported == package or imported.startswith(f"{package}.") for package in packages)


def code_in(folder: str) -> list[Path]:
    """Return the Python files under a folder of the project."""
    return [path for path in CODE if name(path).startswith(f"{folder}/")]


# --- who may import whom ---------------------------------------------------------------------------------------------


def test_pipelines_know_nothing_of_the_dashboard() -> None:
    """What happens to the data does not depend on how it is shown."""
    guilty = [(name(p), i) for p in code_in("pipelines") for i in imports(p) if is_of(i, "streamlit", "dashboard")]

    assert guilty == []


def test_a_stage_imports_no_later_stage() -> None:
    """Data flows down the stage table, and so do imports."""
    names = [stage.name for stage in STAGES]
    guilty = [
        (name(path), imported)
        for number, stage in enumerate(names)
        for path in [*code_in(f"pipelines/{stage}"), *(ROOT / "pipelines").glob(f"{stage}.py")]
        for imported in imports(path)
        if is_of(imported, *(f"pipelines.{later}" for later in names[number + 1 :]))
    ]

    assert guilty == []


def test_views_reach_data_through_one_door() -> None:
    """A page asks dashboard/reads.py; it opens no database and no connection of its own."""
    guilty = [
        (name(p), i)
        for p in code_in("dashboard/views")
        for i in imports(p)
        if is_of(i, "duckdb", "httpx", "sqlalchemy")
    ]

    assert guilty == []


# --- the clock -------------------------------------------------------------------------------------------------------

CLOCK_METHODS = {"now", "utcnow", "today"}  # of datetime, date and pandas.Timestamp
CLOCK_FUNCTIONS = {"time", "time_ns", "localtime", "gmtime", "ctime"}  # of the module time
SQL_CLOCK = re.compile(
    r"\b(now|today|get_current_timestamp|get_current_time|transaction_timestamp)\s*\(|"
    r"\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
    re.IGNORECASE,
)


def clock_readings(path: Path) -> Iterator[str]:
    """Give each place in a file that asks what time it is, or hands on what does."""
    nodes = list(ast.walk(tree(path)))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"line {node.lineno}: {alias.name}" for alias in node.names if alias.name in CLOCK_FUNCTIONS)
        if not isinstance(node, ast.Attribute):
            continue
        owner = ast.unparse(node.value)
        is_clock = id(node) in called or owner.endswith(("date", "datetime", "Timestamp"))
        if (node.attr in CLOCK_METHODS and is_clock) or (owner == "time" and node.attr in CLOCK_FUNCTIONS):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def test_only_the_entry_points_read_the_clock() -> None:
    """Everything else is told the moment, so any past day can be shown and every test is steady."""
    guilty = [(name(path), place) for path in CODE if name(path) not in CLOCK_READERS for place in clock_readings(path)]

    assert guilty == []


def without_words(sql: str) -> str:
    """Return SQL without comments and quoted text."""
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", " ", sql, flags=re.DOTALL)


def test_sql_reads_no_clock() -> None:
    """A query gets its moment as a parameter."""
    guilty = [(name(p), m.group(0)) for p in SQL for m in SQL_CLOCK.finditer(without_words(p.read_text("utf-8")))]

    assert guilty == []


# --- SQL -------------------------------------------------------------------------------------------------------------

BEGINNINGS = (
    r"SELECT\s.*?\sFROM\s", r"INSERT\s+(OR\s+\w+\s+)?INTO\s",
    r"CREATE\s+(OR\s+REPLACE\s+)?(\w+\s+)?(TABLE|VIEW|MACRO|SCHEMA)\s",
    r"COPY\s.*?\s(TO|FROM)\s", r"DELETE\s+FROM\s", r"UPDATE\s+\S+\s+SET\s", r"(DROP|ALTER)\s+(TABLE|VIEW|SCHEMA)\s",
    r"ATTACH\s", r"WITH\s+\w+\s+AS\s", r"SET\s+\w+\s*(=|TO\s)", r"PRAGMA\s", r"SELECT\s+\S+\s*\(",
)  # fmt: skip
LOUD_SQL = re.compile("|".join(BEGINNINGS), re.DOTALL)
QUIET_SQL = re.compile(rf"\s*({'|'.join(BEGINNINGS)})", re.DOTALL | re.IGNORECASE)


def is_sql(text: str) -> bool:
    """Say whether a text holds a statement in capitals, or is one in small letters.

    "Select a page from the list" is a sentence.
    """
    return bool(LOUD_SQL.search(text)) or (text.lstrip()[:1].islower() and bool(QUIET_SQL.match(text)))


def text_of(node: ast.expr) -> str:
    """Return the fixed part of a string, with ? for what is put into it."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) if isinstance(part, ast.Constant) else "?" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    return "?"


def is_put_together(node: ast.AST) -> ast.expr | None:
    """Return the text that an f-string, a % or +, or a call of format or join puts together, if it is one of these."""
    if isinstance(node, ast.JoinedStr) and any(isinstance(part, ast.FormattedValue) for part in node.values):
        return node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return node.left
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return node
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"format", "format_map"}
    ):
        return node.func.value
    return None


def test_no_sql_is_put_together_from_strings() -> None:
    """SQL lives in .sql files and takes its values as parameters."""
    guilty = [
        (name(path), node.lineno, text_of(text))
        for path in CODE
        for node in ast.walk(tree(path))
        if (text := is_put_together(node)) is not None and isinstance(node, ast.expr) and is_sql(text_of(text))
    ]

    assert guilty == []


@pytest.mark.parametrize("path", SQL, ids=name)
def test_a_sql_file_begins_with_its_grain(path: Path) -> None:
    """The first line says what one row of a model is, or what a script is for."""
    lines = path.read_text(encoding="utf-8").splitlines()
    model = re.fullmatch(r"\d+_(\w+)", path.stem)
    is_model = model and re.search(rf"\b(TABLE|VIEW|INTO)\s+{model.group(1)}\b", "\n".join(lines), re.IGNORECASE)
    # A file of named statements says it for each of them, in the line below the name.
    spots = [number + 1 for number, line in enumerate(lines) if line.startswith("-- name:")]
    said = [lines[spot] for spot in spots] if lines[0].startswith("-- name:") else [lines[0]]

    assert [line for line in said if not re.match(r"-- \w+( \S+){2}|-- One row", line)] == []
    assert not is_model or lines[0].startswith("-- One row per "), "a model says what one row is"


# --- size and words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_a_file_is_small_and_says_what_it_is(path: Path) -> None:
    """One subject a file: at most 300 lines, 80 for a view, with a docstring on top."""
    limit = 80 if path in code_in("dashboard/views") else 300

    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit
    assert ast.get_docstring(tree(path)), "a module says in its docstring what it is"


def test_no_function_is_longer_than_40_lines() -> None:
    """A longer one does two things."""
    functions = [
        (name(path), node.name, (node.end_lineno or 0) - node.lineno + 1)
        for path in CODE
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert [each for each in functions if each[2] > 40] == []


def test_the_top_level_holds_nothing_else() -> None:
    """Whoever opens the project sees what it is made of, and nothing that was left lying about."""
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    leftovers = {entry for entry in found - TOP_LEVEL - UNTRACKED if not entry.endswith(".egg-info")}

    assert leftovers == set()
    assert found >= TOP_LEVEL


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_of_the_table_exists(stage: tuple[str, ...]) -> None:
    """The table lists what is built, not what is planned."""
    folder = ROOT / "pipelines" / stage[0]

    assert folder.is_dir() or folder.with_suffix(".py").is_file()
