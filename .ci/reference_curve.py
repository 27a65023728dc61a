"""Compares a training log with the reference curve: the tutorial's own configuration, measured in JAX."""

import json
import sys

REFERENCE = {32: 8.37, 64: 7.93, 96: 7.85, 128: 7.68, 192: 7.51, 256: 7.41, 320: 7.01}

lines = [json.loads(line) for line in open(sys.argv[1])]
start = next(line for line in lines if line["event"] == "start")
assert (start["vocabulary"], start["parameters"]) == (25_670, 6_729_670), start
loss = {line["step"]: line["loss"] for line in lines if line["event"] == "step"}
assert abs(loss[0] - 10.6) <= 0.2, loss[0]
print(f"untrained: {loss[0]:.3f}")
for step, reference in REFERENCE.items():
    print(f"step {step}: {loss[step]:.3f}, reference {reference}")
    assert abs(loss[step] - reference) <= 0.15, (step, loss[step], reference)
end = lines[-1]
assert end["event"] == "end" and end["reason"] == "finished", end
