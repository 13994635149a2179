"""What no file of the project does: make code or objects out of bytes that somebody else may have written."""

import ast

import pytest

from tests.test_layout import CODE, imports, is_of, name, tree

UNPACKERS = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "jsonpickle", "yaml", "ruamel")
CODE_MAKERS = {"eval", "exec", "compile", "__import__"}
SHELL_CALLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}


def test_nothing_unpacks_objects() -> None:
    """Neither the classifier's weights, nor a cache, nor an upload: numbers and text are read as such."""
    assert [(name(path), each) for path in CODE for each in imports(path) if is_of(each, *UNPACKERS)] == []


@pytest.mark.parametrize("banned", ["code", "shell", "pickles"])
def test_no_call_runs_text(banned: str) -> None:
    """No eval or exec, no shell line, no array that may hold pickled objects, no frame read from a pickle."""
    guilty = [
        (name(path), node.lineno)
        for path in CODE
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and _is(banned, node)
    ]
    assert guilty == []


def _is(banned: str, call: ast.Call) -> bool:
    called = ast.unparse(call.func)
    if banned == "code":
        return called in CODE_MAKERS
    allowed = [word.arg for word in call.keywords if isinstance(word.value, ast.Constant) and word.value.value is True]
    if banned == "shell":
        return called in SHELL_CALLS or "shell" in allowed
    return called.endswith("read_pickle") or "allow_pickle" in allowed
