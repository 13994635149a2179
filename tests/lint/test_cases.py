"""The worked cases: what a policy person wrote down is what lint says."""

import pytest

from pipelines.lint.linter import Linter
from tests.lint.casebook import SENT_AT, Case, cases


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_worked_case(linter: Linter, case: Case) -> None:
    """Every expected rule is found with its severity, no other that must not be, and the verdict is the one named."""
    (answer,) = linter.lint([case.message], SENT_AT)
    found = {finding.rule: finding.severity for finding in answer.findings}
    missing = {
        rule: severity
        for rule, severity in case.expect.items()
        if rule not in found or (severity and found[rule] != severity)
    }

    assert missing == {}, f"found {found}, promotional {answer.promotional}"
    assert set(case.never) & set(found) == set()
    assert case.verdict in ("", answer.verdict), f"found {found}, promotional {answer.promotional}"


def test_every_case_has_a_name_of_its_own() -> None:
    """A failing case can be found by its name."""
    names = [case.name for case in cases()]

    assert len(names) == len(set(names))
