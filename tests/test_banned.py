"""What no file of the project does: make code or objects out of bytes that somebody else may have written."""

import ast
from collections.abc import Iterator

from tests.test_layout import CODE, imports, is_of, name, tree

UNPACKERS = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "jsonpickle", "yaml", "ruamel")
CODE_MAKERS = {"eval", "exec", "compile", "__import__"}
SHELL_CALLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}


def test_nothing_unpacks_objects() -> None:
    """Neither the classifier's weights, nor a cache, nor an upload: numbers and text are read as such."""
    suspects = [path for path in CODE if any(each in path.read_text(encoding="utf-8") for each in UNPACKERS)]
    assert [(name(path), each) for path in suspects for each in imports(path) if is_of(each, *UNPACKERS)] == []


def test_no_call_runs_text() -> None:
    """No eval or exec, no shell line, no array that may hold pickled objects, no frame read from a pickle."""
    guilty = [
        (name(path), node.lineno, banned)
        for path in CODE
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        for banned in _banned(node)
    ]
    assert guilty == []


def _banned(call: ast.Call) -> Iterator[str]:
    called = ast.unparse(call.func)
    allowed = [word.arg for word in call.keywords if isinstance(word.value, ast.Constant) and word.value.value is True]
    if called in CODE_MAKERS:
        yield "code"
    if called in SHELL_CALLS or "shell" in allowed:
        yield "shell"
    if called.endswith("read_pickle") or "allow_pickle" in allowed:
        yield "pickles"
