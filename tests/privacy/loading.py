"""Loading with what is erased kept out, and homes compared."""

from pathlib import Path

from pipelines.load.erased import NOTHING_ERASED, Erased
from pipelines.load.loader import Loader
from pipelines.load.sources import find_sources
from pipelines.load.summary import LoadSummary
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.conftest import NOW, Home


def load(home: Home, *paths: Path, erased: Erased = NOTHING_ERASED) -> LoadSummary:
    """Load files or folders as the command would, but for what is erased."""
    settings = read_settings(home.folder, create=True)
    with Warehouse.open(settings.warehouse_path) as warehouse:
        loader = Loader(warehouse, settings, home.policy, NOW, lambda *_: None, erased=erased)
        return loader.load(find_sources([str(path) for path in paths]))
