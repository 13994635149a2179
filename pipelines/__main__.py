"""`python -m pipelines` is `clear-to-send`."""

from pipelines.cli import main

main()
