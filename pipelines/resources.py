"""Where the data that ships with the project lies."""

from pathlib import Path

from pipelines import DATA


def data_path(*parts: str) -> Path:
    """Return the path of a file or folder under `data`, in a checkout or inside the installed package."""
    return DATA.joinpath(*parts)
