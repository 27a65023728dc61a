"""Runs ours and PyTorch's alternately and prints a table of ratios (time of ours over theirs, medians over all rounds)."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORKS = ["train/tutorial", "train/nano", "train/char"]


def samples(command, environment):
    """The samples that a command reports, or nothing where it does not know the work."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{' '.join(map(str, command))}\n{done.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])["samples"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="*", default=WORKS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--binary", default=HERE.parent.parent / "target/release/telar")
    options = parser.parse_args()

    # Both sides get the same cores, so a busy machine is equally busy for both.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    threads = str(options.threads)
    environment = os.environ | {"RAYON_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
    print(f"| work, {threads} threads | Telar, median | PyTorch, median | ratio |\n|---|---|---|---|")
    for work in options.works:
        ours, theirs = [], []
        for _ in range(options.rounds):
            mine = samples([options.binary, "bench", work, "--json", "--device", "cpu"], environment)
            peer = samples([sys.executable, HERE / "steps.py", work, "--threads", threads], environment)
            if mine is None or peer is None:
                break
            ours += mine
            theirs += peer
        else:
            a, b = statistics.median(ours), statistics.median(theirs)
            print(f"| `{work}` | {a:.4f} s | {b:.4f} s | {a / b:.2f} |", flush=True)


if __name__ == "__main__":
    main()
