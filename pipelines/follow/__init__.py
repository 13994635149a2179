"""The running app's loader: what arrives in home/logs, and what a `load` beside it hands over."""
