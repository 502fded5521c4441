"""How much one map may take; what is beyond is left out, and the map says so."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Files and edges in numbers, time to read files in seconds, memory of each reader in MiB."""

    files: int = 200_000
    edges: int = 2_000_000
    read_s: int = 600
    memory_mb: int = 1024
