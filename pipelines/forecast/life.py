"""The life of a token: its chance of being used before it dies, by age and topic."""

import numpy as np
import pandas as pd

_PRIOR_TOKENS = 20.0
"""A topic's tokens of one age weigh as much as its Page's once there are so many of them."""
_AGES = 30
"""Curves are kept for every so many days of age."""
_KEYS = ["page_id", "kind", "topic"]


def life_of_tokens(lives: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Estimate from how tokens lived (page_id, kind, topic, age_days, ending, count_tokens), for kinds that are used up.

    Returns two tables. Curves: page_id, kind, topic, age_days (0, 30, ...), chance (of being used, for a token that
    lives at that age), used (share of all that is used by that age), alive (share that is neither used nor dead then).
    Waste: page_id, kind, topic, count_held and expected_waste, in tokens held today. Ends are competing: a token that
    expired or was stopped can no more be used (Aalen-Johansen, with Kaplan-Meier's numbers at risk); one still held is
    censored at its age. A topic with few tokens leans on its Page and kind.
    """
    curves, waste = [], []
    used = lives[lives["ending"] == "spent"].groupby(["page_id", "kind"]).size()
    for (page_id, kind), group in lives.groupby(["page_id", "kind"], sort=True):
        if (page_id, kind) not in used.index:
            continue
        length = int(group["age_days"].max()) + 2
        whole = _Risks.of(group, length)
        for topic, part in group.groupby("topic", sort=True):
            chance, used_by, alive = _Risks.of(part, length).leaning_on(whole).curves()
            ages = np.arange(0, length, _AGES)
            table = {"age_days": ages, "chance": chance[ages], "used": used_by[ages], "alive": alive[ages]}
            curves.append(pd.DataFrame({"page_id": page_id, "kind": kind, "topic": topic} | table))
            held = part[part["ending"] == "held"]
            lost = float((held["count_tokens"] * (1 - chance[held["age_days"].to_numpy(int)])).sum())
            waste.append((page_id, kind, topic, int(held["count_tokens"].sum()), lost))
    columns = [*_KEYS, "age_days", "chance", "used", "alive"]
    joined = pd.concat(curves, ignore_index=True)[columns] if curves else pd.DataFrame(columns=columns)
    return joined, pd.DataFrame(waste, columns=[*_KEYS, "count_held", "expected_waste"])


class _Risks:
    """By age in days: how many tokens lived at it, and how many of those were used, or ended in another way."""

    def __init__(self, at_risk: np.ndarray, used: np.ndarray, lost: np.ndarray) -> None:
        self.at_risk, self.used, self.lost = at_risk, used, lost

    @classmethod
    def of(cls, lives: pd.DataFrame, length: int) -> "_Risks":
        from lifelines.utils import survival_table_from_events

        table = survival_table_from_events(
            lives["age_days"], lives["ending"] != "held", weights=lives["count_tokens"].astype(float)
        )
        at_risk = table["at_risk"].reindex(range(length)).bfill().fillna(0).to_numpy(float)
        spent = lives[lives["ending"] == "spent"].groupby("age_days")["count_tokens"].sum()
        used = spent.reindex(range(length), fill_value=0).to_numpy(float)
        ended = table["observed"].reindex(range(length), fill_value=0).to_numpy(float)
        return cls(at_risk, used, ended - used)

    def leaning_on(self, whole: "_Risks") -> "_Risks":
        """Add some tokens that live as those of the whole do."""
        part = _PRIOR_TOKENS / np.maximum(whole.at_risk, _PRIOR_TOKENS)
        return _Risks(self.at_risk + part * whole.at_risk, self.used + part * whole.used, self.lost + part * whole.lost)

    def curves(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return by age: the chance of being used from there on, the share used by then, the share then alive."""
        over = np.maximum(self.at_risk, 1e-9)
        use, end = self.used / over, np.minimum((self.used + self.lost) / over, 1)
        after = np.cumprod(1 - end)
        before = np.concatenate([[1.0], after[:-1]])
        used_by = np.cumsum(before * use)
        left = np.concatenate([[used_by[-1]], used_by[-1] - used_by[:-1]])
        chance = np.where(before > 1e-9, left / np.maximum(before, 1e-9), 0)
        return np.clip(chance, 0, 1), np.concatenate([[0.0], used_by[:-1]]), before
