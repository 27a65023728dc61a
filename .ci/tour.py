"""Checks that the tour saw every page in both languages and themes, and that its pictures show something."""

import json
import pathlib
import sys

shots = [json.loads(line) for line in open(sys.argv[1])]
assert len(shots) >= 4 * 5, f"only {len(shots)} pictures"
for shot in shots:
    data = pathlib.Path(shot["path"]).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", shot
    # An empty page compresses to almost nothing.
    assert len(data) > 8_000, f"{shot['path']} has only {len(data)} bytes: an empty page?"
worst = max(shots, key=lambda shot: shot["frame_ms_p95"])
print(f"{len(shots)} pictures; slowest page {worst['section']}: {worst['frame_ms_p95']:.1f} ms a frame (95th percentile)")
