"""What every test may use."""

import hypothesis
import pytest

from pipelines import DATA
from pipelines.policy import Policy, load_policy

# A time limit for each example would measure the machine, not the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def policy() -> Policy:
    """Return the rule book that ships with the project."""
    return load_policy(DATA / "policy")
