"""Pairs of inputs that real libraries made (Pillow, OpenCV, TensorFlow), for `npm run inputs-bench`.

    python python/make_input_cases.py DEST.npz [--seed N]

Each case is two arrays, `NNN.a` and `NNN.b`, and a line of `cases` (JSON): which steps make A of B.
"""

import io
import json
import sys

import numpy as np
import tensorflow as tf
from PIL import Image
import cv2


def natural(rng, height, width):
    """Soft gradients, sharp-edged shapes, fine texture: what photographs are made of, uint8 RGB."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    image = np.full((height, width, 3), rng.uniform(60, 180, 3))
    for _ in range(6):
        fy, fx = rng.normal(0, 0.06, 2)
        image += rng.normal(0, 22, 3) * np.cos(fy * y + fx * x + rng.uniform(0, 6.28))[..., None]
    for _ in range(10):
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        ry, rx = rng.uniform(4, height / 3), rng.uniform(4, width / 3)
        inside = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1
        image[inside] = image[inside] * 0.3 + rng.uniform(0, 255, 3) * 0.7
    for _ in range(8):
        a, b = rng.normal(0, 1, 2)
        edge = a * (y - rng.uniform(0, height)) + b * (x - rng.uniform(0, width)) > 0
        image[edge] += rng.normal(0, 14, 3)
    image += rng.normal(0, 5, (height, width, 1)) + rng.normal(0, 2, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def pil(name):
    method = getattr(Image, name.upper() if name != "area" else "BOX")
    return lambda image, h, w: np.asarray(Image.fromarray(image).resize((w, h), method))


def opencv(flag):
    return lambda image, h, w: cv2.resize(image, (w, h), interpolation=getattr(cv2, flag))


def tf2(method, antialias):
    return lambda image, h, w: tf.image.resize(image, [h, w], method=method, antialias=antialias).numpy()


def tf1(method, aligned):
    call = tf.compat.v1.image.resize
    return lambda image, h, w: call(image[None], [h, w], method=method, align_corners=aligned).numpy()[0]


HALF = "half-pixel"
RESIZES = [
    (pil("nearest"), "nearest", HALF, False),
    (pil("bilinear"), "bilinear", HALF, True),
    (pil("bicubic"), "bicubic", HALF, True),
    (pil("lanczos"), "lanczos", HALF, True),
    (pil("area"), "area", HALF, True),
    (opencv("INTER_NEAREST"), "nearest", "legacy", False),
    (opencv("INTER_LINEAR"), "bilinear", HALF, False),
    (opencv("INTER_CUBIC"), "bicubic", HALF, False),
    (opencv("INTER_AREA"), "area", HALF, True),
    (tf2("nearest", False), "nearest", HALF, False),
    (tf2("bilinear", False), "bilinear", HALF, False),
    (tf2("bilinear", True), "bilinear", HALF, True),
    (tf2("bicubic", False), "bicubic", HALF, False),
    (tf2("bicubic", True), "bicubic", HALF, True),
    (tf2("area", False), "area", HALF, True),
    (tf2("lanczos3", True), "lanczos", HALF, True),
    (tf1("bilinear", False), "bilinear", "legacy", False),
    (tf1("bilinear", True), "bilinear", "align-corners", False),
    (tf1("nearest", True), "nearest", "align-corners", False),
    (tf1("bicubic", False), "bicubic", "legacy", False),
]

SIZES = [(150, 200, 96, 96), (120, 120, 64, 64), (64, 80, 96, 128), (180, 140, 75, 75), (128, 128, 64, 64)]


def resize_step(method, corners, antialias):
    return {"id": "resize", "params": {"method": method, "corners": corners, "antialias": antialias}}


AFFINES = [
    (lambda x: x / np.float32(255), {"scale": 1 / 255, "shift": 0}),
    (lambda x: x / np.float32(127.5) - 1, {"scale": 1 / 127.5, "shift": -1}),
]


def jpeg(image, quality, subsampling):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(io.BytesIO(stream.getvalue())))


def cases(rng):
    for k, (resize, *named) in enumerate(RESIZES):
        for j in range(3):
            h, w, to_h, to_w = SIZES[(k + j) % len(SIZES)]
            b = natural(rng, h, w)
            a = resize(b, to_h, to_w)
            method, corners, antialias = named
            # Of no effect where nothing gets smaller.
            steps = [resize_step(method, corners, antialias and (to_h < h or to_w < w))]
            if j == 1:
                make, params = AFFINES[k % 2]
                a = make(a.astype(np.float32))
                steps.append({"id": "affine", "params": params})
            if j == 2:
                a = a[..., ::-1]
                steps.append({"id": "channel-order", "params": {"order": [2, 1, 0]}})
            yield f"resize {k} {named} {b.shape}->{a.shape}", a, b, steps
    for quality in (60, 75, 85, 95):
        for subsampling in (0, 2):
            b = natural(rng, 128, 160)
            yield f"jpeg {quality} {subsampling}", b, jpeg(b, quality, subsampling), [{"id": "jpeg", "params": {}}]
            a = b.astype(np.float32) / 255
            yield f"jpeg {quality} {subsampling} affine", a, jpeg(b, quality, subsampling), [
                {"id": "affine", "params": {"scale": 1 / 255, "shift": 0}},
                {"id": "jpeg", "params": {}},
            ]
    for j in range(6):
        b = natural(rng, 90, 110)
        grey = np.asarray(Image.fromarray(b).convert("L")) if j % 2 else cv2.cvtColor(b, cv2.COLOR_RGB2GRAY)
        steps = [{"id": "grayscale", "params": {}}]
        a = grey[..., None]
        if j > 3:
            a = a.astype(np.float32) / 255
            steps.append({"id": "affine", "params": {"scale": 1 / 255, "shift": 0}})
        yield f"grey {j}", a, b, steps
    for j in range(4):
        b = natural(rng, 90, 110)
        a = tf.image.rgb_to_grayscale(b.astype(np.float32) / 255).numpy()
        yield f"grey tf {j}", a, b, [
            {"id": "grayscale", "params": {}},
            {"id": "affine", "params": {"scale": 1 / 255, "shift": 0}},
        ]
    for j in range(8):
        colours = natural(rng, 80, 100)
        opacity = cv2.GaussianBlur(natural(rng, 80, 100)[..., :1], (9, 9), 3)[..., None]
        b = np.concatenate([colours, opacity], -1)
        image = Image.fromarray(b)
        if j % 2 == 0:
            a = np.asarray(image.convert("RGB"))
            params = {"premultiplied": False}
        else:
            under = (255, 255, 255, 255) if j % 4 == 1 else (0, 0, 0, 255)
            a = np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, under), image).convert("RGB"))
            params = {"premultiplied": True, "background": under[0]}
        yield f"alpha {j} {params}", a, b, [{"id": "alpha", "params": params}]
    # The middle in the right proportions, then resized; resized so that the shorter side fits, then the middle.
    for j in range(8):
        b = natural(rng, 150, 200)
        if j % 2 == 0:
            a = pil("bilinear")(np.ascontiguousarray(b[:, 25:175]), 96, 96)
            steps = [{"id": "crop", "params": {"top": 0, "left": 25}}, resize_step("bilinear", HALF, True)]
        else:
            a = np.ascontiguousarray(pil("bicubic")(b, 110, 147)[7:103, 25:121])
            steps = [resize_step("bicubic", HALF, True), {"id": "crop", "params": {"height": 96, "width": 96}}]
        if j >= 4:
            a = a.astype(np.float32) / 255
            steps.append({"id": "affine", "params": {"scale": 1 / 255, "shift": 0}})
        yield f"crop and resize {j}", a, b, steps


def main():
    destination = sys.argv[1]
    seed = int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else 0
    arrays, listed = {}, []
    for i, (name, a, b, steps) in enumerate(cases(np.random.default_rng(seed))):
        arrays[f"{i:03d}.a"] = np.ascontiguousarray(a)[None]
        arrays[f"{i:03d}.b"] = np.ascontiguousarray(b)[None]
        listed.append({"name": name, "steps": steps})
    np.savez(destination, cases=np.array([json.dumps(listed)]), **arrays)


if __name__ == "__main__":
    main()
