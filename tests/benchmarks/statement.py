"""How fast a settlement report is read and added up to its orders' items, ready to be matched, against the usual ways, in one run.

Run it: `python -m tests.benchmarks.statement [--lines 1000000] [--rounds 3]`. Each way has a process of its own; time is what it takes from
opening the file to the sums, without starting Python. Ours checks every line, takes the file's fingerprint and proves the total as well.
Goals: at most twice the time of polars, and 150 MB.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.statement_file import write
from tests.benchmarks.usage import memory

TIMES, MEMORY = 2.0, 150.0
KEYS = ("order-id", "order-item-code", "amount-type", "amount-description")


def by_csv(path: Path) -> str:
    """csv.DictReader and Decimal, grouped in a dict."""
    sums: dict[tuple[str, ...], Decimal] = {}
    with path.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["amount"]:
                key = tuple(row[name] for name in KEYS)
                sums[key] = sums.get(key, Decimal(0)) + Decimal(row["amount"])
    return str(sum(sums.values()))


def by_polars(path: Path) -> str:
    """polars, the whole file at once."""
    import polars as pl

    rows = pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False).lazy()
    return str(_grouped(rows).collect()["amount"].sum())


def by_polars_streaming(path: Path) -> str:
    """polars, streaming."""
    import polars as pl

    rows = pl.scan_csv(path, separator="\t", quote_char=None, infer_schema=False)
    return str(_grouped(rows).collect(engine="streaming")["amount"].sum())


def _grouped(rows: Any) -> Any:
    import polars as pl

    lines = rows.filter(pl.col("amount") != "").with_columns(pl.col("amount").cast(pl.Decimal(18, 2)))
    return lines.group_by(KEYS).agg(pl.col("amount").sum())


def by_throughline(path: Path) -> str:
    """Throughline."""
    from reconciliation.core.matching.collect import KEYS as ORDER
    from reconciliation.core.matching.collect import Collected
    from reconciliation.core.statement import read

    with path.open("rb") as source:
        statement, collected = read(source), Collected()
        for block in statement.blocks({*ORDER, "kind", "amount"}):
            collected.add(block, statement.kinds, digits=statement.digits)
    collected.table()
    return str(statement.lines_total)


def by_throughline_lines(path: Path) -> str:
    """Throughline, every column of every line."""
    from reconciliation.core.statement import read

    with path.open("rb") as source:
        statement = read(source)
        for _ in statement.blocks():
            pass
    return str(statement.lines_total)


WAYS: dict[str, Callable[[Path], str]] = {
    one.__name__: one for one in (by_csv, by_polars, by_polars_streaming, by_throughline, by_throughline_lines)
}


def measured(way: str, path: Path) -> dict[str, Any]:
    """One way, once, in this process."""
    start, cpu = time.perf_counter(), time.process_time()
    total = WAYS[way](path)
    return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu, "peak": memory(os.getpid())[0][1], "sum": total}


def rounds(path: Path, count: int) -> dict[str, list[dict[str, Any]]]:
    """Every way as often, taking turns, so that a busy machine hits all of them."""
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(count):
        for way, runs in found.items():
            command = [sys.executable, "-m", "tests.benchmarks.statement", "--way", way, "--file", str(path)]
            runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return found


def show(found: dict[str, list[dict[str, Any]]], lines: int, size: int) -> None:
    """A table, and whether the goals were met."""
    console = Console(width=140)
    table = Table("way", "seconds", "of polars", "MB at most", "sum", title=f"{lines:,} lines, {size / 1e6:.0f} MB")
    seconds = {way: median(run["seconds"] for run in runs) for way, runs in found.items()}
    fastest = min(seconds["by_polars"], seconds["by_polars_streaming"])
    for way, runs in found.items():
        peak = max(run["peak"] for run in runs)
        times = f"{seconds[way] / fastest:.2f}"
        table.add_row((WAYS[way].__doc__ or "").rstrip("."), f"{seconds[way]:.2f}", times, f"{peak:.0f}", runs[0]["sum"])
    console.print(table)
    ours = seconds["by_throughline"]
    peak = max(run["peak"] for run in found["by_throughline"])
    console.print(f"{'met   ' if ours <= TIMES * fastest else 'MISSED'} {ours / fastest:.2f} times the faster polars (at most {TIMES:.1f})")
    console.print(f"{'met   ' if peak <= MEMORY else 'MISSED'} {peak:.0f} MB (at most {MEMORY:.0f})")
    console.print(f"       {seconds['by_csv'] / ours:.1f} times as fast as csv and Decimal")


def main() -> None:
    """Writes a report, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--file", type=Path)
    chosen = parser.parse_args()
    if chosen.way:
        print(json.dumps(measured(chosen.way, chosen.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settlement.txt"
        write(path, chosen.lines)
        show(rounds(path, chosen.rounds), chosen.lines, path.stat().st_size)


if __name__ == "__main__":
    main()
