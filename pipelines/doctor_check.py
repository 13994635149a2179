"""What the doctor says of one thing that it looked at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing looked at. `exit_code` is what the command should end with because of it: 0, 1 or 3."""

    name: str
    says: str
    exit_code: int = 0

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to do."""
        return self.exit_code == 0
