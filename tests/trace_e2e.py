#!/usr/bin/env python3
"""A simulated run is the same in every process and in every build: its trace hash says so."""

import os
import pathlib
import subprocess
import sys

SHOAL = os.environ["SHOAL"]
ROOT = pathlib.Path(__file__).resolve().parent.parent


def trace(program, scenario, seed):
    run = subprocess.run([program, "sim", scenario, "--seed", str(seed)], capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, run.stdout + run.stderr
    name, number, outcome, trace_hash = run.stdout.split()
    assert (name, number, outcome) == (scenario, str(seed), "ok"), run.stdout
    return trace_hash


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
        hashes = {trace(program, scenario, 3) for program in programs}
        assert len(hashes) == 1, f"{scenario}: {hashes}"
        assert trace(SHOAL, scenario, 4) not in hashes, f"{scenario}: two seeds, one trace"
        print(f"{scenario}: {len(programs)} runs of seed 3 agree on {hashes.pop()}")


if __name__ == "__main__":
    sys.exit(main())
