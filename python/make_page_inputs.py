"""Makes test/fixtures/page-inputs: a picture, and what Python feeds of it, through real Pillow.

    read -r folder python < <(scripts/setup-images | tr '\\n' ' ')
    PYTHONPATH=$folder $python python/make_page_inputs.py

The usual way before MobileNetV2: centre crop, bilinear resize, R, G, B, -1…1 (keras.applications, mode "tf").
"""

from pathlib import Path

import numpy as np
from PIL import Image, __version__

OUT = Path(__file__).parent.parent / "test/fixtures/page-inputs"
HEIGHT, WIDTH, SIZE = 120, 168, 48


def picture() -> np.ndarray:
    """Soft shapes, edges and some grain: what photographs have."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / HEIGHT
    channels = []
    for c in range(3):
        plane = 110 + 70 * np.sin(3 * x + c) * np.cos(4 * y - 2 * c) + 40 * x - 25 * c
        plane += 60 * (((x - 0.5 - 0.2 * c) ** 2 + (y - 0.4) ** 2) < 0.06)
        plane -= 50 * ((x > 0.9) & (y > 0.3 + 0.1 * c))
        channels.append(plane + rng.normal(0, 4, plane.shape))
    return np.clip(np.stack(channels, -1), 0, 255).astype(np.uint8)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture()).save(OUT / "photo.png", optimize=True)
    image = Image.open(OUT / "photo.png").convert("RGB")
    left = (WIDTH - HEIGHT) // 2
    image = image.crop((left, 0, left + HEIGHT, HEIGHT)).resize((SIZE, SIZE), Image.BILINEAR)
    fed = np.asarray(image, np.float32) / 127.5 - 1
    np.save(OUT / "python.npy", fed[None])
    print(f"Pillow {__version__}, NumPy {np.__version__}")


main()
