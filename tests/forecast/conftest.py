"""Made histories in warehouses of their own, and their forecasts."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.warehouse import Warehouse
from tests.forecast.histories import Drawn, Shape, write_history

ENDS_AT = datetime(2026, 11, 20)

Made = tuple[Warehouse, Drawn]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Made]]:
    """Return a maker of warehouses that hold a history of some shape."""
    opened: list[Warehouse] = []

    def make(shape: Shape, **sizes: float) -> Made:
        warehouse = Warehouse.open(tmp_path_factory.mktemp(shape) / "warehouse.duckdb")
        opened.append(warehouse)
        return warehouse, write_history(warehouse, shape, ENDS_AT, **sizes)  # type: ignore[arg-type]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Warehouse]:
    """Return a warehouse without a token."""
    with Warehouse.open(tmp_path / "warehouse.duckdb") as opened:
        yield opened
