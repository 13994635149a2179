"""A long list of files in parts: between two of them the follower looks at what else has come."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.load.summary import LoadSummary

_BATCH_BYTES = 128 << 20


@dataclass
class Batch:
    """Some files, with the bytes in each that are still to be read; `size` is their sum."""

    files: dict[str, int] = field(default_factory=dict)
    size: int = 0


def batches_of(sizes: dict[str, int]) -> Iterator[Batch]:
    """Give the files in their order, as many at once as make up a batch; a bigger one comes alone."""
    batch = Batch()
    for path, size in sizes.items():
        if batch.files and batch.size + size > _BATCH_BYTES:
            yield batch
            batch = Batch()
        batch.files[path] = size
        batch.size += size
    if batch.files:
        yield batch


def merge(total: LoadSummary, part: LoadSummary) -> None:
    """Add a batch's summary to that of the whole load."""
    total.add(part)
    total.files += part.files
    total.unchanged_files += part.unchanged_files
    total.problems += part.problems
