"""Measurements against the peers: `python -m bench NAME [--json]`, or `python -m bench all`.

Each module named in `BENCHES` measures one thing: it has a `TITLE`, a `HOW` in a sentence, and
`run()`, which yields records (:mod:`.record`). Goals are ratios to a peer in the same process,
since times of one machine say nothing on another; they hold when the machine is otherwise quiet.
"""

BENCHES = (
    "kernel", "hashing", "fidelity", "variants", "matching", "service", "clamd", "hma",
    "middleware", "growth", "import", "vics", "exchange", "visibility", "console", "review",
    "report", "estimate", "robustness",
)  # fmt: skip
"""In the order of `all`: what is timed comes before what keeps every processor busy."""
