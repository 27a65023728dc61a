"""Runs ours and PyTorch's or transformers' alternately and prints a table of ratios, medians over all rounds.

The ratio is the time of ours over theirs where seconds are measured (less than 1 is faster), and the speed of ours over
theirs where tokens a second are (more than 1 is faster).
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
READING = ["decode/gpt2", "decode/gpt2-medium", "prefill/gpt2"]
WORKS = ["train/tutorial", "train/nano", "train/char", *READING]


def samples(command, environment):
    """The samples that a command reports, or nothing where it does not know the work."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{' '.join(map(str, command))}\n{done.stderr.strip()}", file=sys.stderr)
        return None
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return found["samples"], found["unit"]


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
    print(f"| work, {threads} threads | Telar, median | peer, median | ratio |\n|---|---|---|---|")
    for work in options.works:
        script = "gpt2.py" if work in READING else "steps.py"
        # Ours with weights in 32, 16 and 8 bits meet the same runs of the other side.
        widths = ["f32", "f16", "q8"] if work in READING else [""]
        ours, theirs, unit = {width: [] for width in widths}, [], "s"
        for _ in range(options.rounds):
            peer = samples([sys.executable, HERE / script, work, "--threads", threads], environment)
            if peer is None:
                break
            theirs += peer[0]
            for width in widths:
                weights = ["--weights", width] if width else []
                mine = samples([options.binary, "bench", work, "--json", "--device", "cpu", *weights], environment)
                if mine is not None:
                    ours[width] += mine[0]
                    unit = mine[1]
        for width, found in ours.items():
            if found and theirs:
                a, b = statistics.median(found), statistics.median(theirs)
                print(f"| `{work}` {width} | {a:.4g} {unit} | {b:.4g} {unit} | {a / b:.2f} |", flush=True)


if __name__ == "__main__":
    main()
