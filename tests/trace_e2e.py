#!/usr/bin/env python3
"""A simulated run is the same in every process and in every build: its trace hash says so."""

import os
import pathlib
import subprocess
import sys

SHOAL = os.environ["SHOAL"]
ROOT = pathlib.Path(__file__).resolve().parent.parent


def trace(program, scenario, seed):
    """Its trace hash, and its figures for people."""
    run = subprocess.run([program, "sim", scenario, "--seed", str(seed)], capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, run.stdout + run.stderr
    name, number, outcome, trace_hash = run.stdout.split()
    assert (name, number, outcome) == (scenario, str(seed), "ok"), run.stdout
    # The lines around them name the seed.
    return trace_hash, [line for line in run.stderr.splitlines() if line.startswith("  ")]


def is_fresh(program):
    """Whether it was built from the sources as they are."""
    sources = [*ROOT.glob("src/**/*.*"), *ROOT.glob("lab/*.*")]
    return program.exists() and program.stat().st_mtime > max(s.stat().st_mtime for s in sources)


def main():
    # The program under test twice, and the plain build beside one with sanitizers.
    programs = [SHOAL, SHOAL]
    plain = ROOT / "build" / "dev" / "shoal"
    if str(plain) != SHOAL and is_fresh(plain):
        programs.append(str(plain))
    for scenario in ("faults", "resume", "spread"):
        runs = {(found, *told) for found, told in (trace(program, scenario, 3) for program in programs)}
        assert len(runs) == 1, f"{scenario}: {runs}"
        trace_hash, *figures = runs.pop()
        # The seed itself is part of the hash: what it makes of the scenario tells.
        assert trace(SHOAL, scenario, 4)[1] != figures, f"{scenario}: two seeds, one course"
        print(f"{scenario}: {len(programs)} runs of seed 3 agree on {trace_hash}")


if __name__ == "__main__":
    sys.exit(main())
