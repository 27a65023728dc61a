"""Makes the picture that ships for the lesson on attention in images.

    pip install scikit-image==0.26.0 pillow
    python assets/images/make.py

"Chelsea the cat", CC0 by its photographer, Stéfan van der Walt; it comes with scikit-image.
"""

import pathlib

import skimage
from PIL import Image

source = pathlib.Path(skimage.__file__).parent / "data" / "chelsea.png"
picture = Image.open(source).convert("RGB").resize((384, 256), Image.LANCZOS)
picture.save(pathlib.Path(__file__).parent / "cat.jpg", quality=86, optimize=True)
