"""Writes FILE.h5, a Keras model of two Dense layers that is as large as asked, for the measures of speed and memory.

    python make_dense.py FILE.h5 MEGABYTES
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras  # noqa: E402
import numpy as np  # noqa: E402

FEATURES = 8000


def main(path, megabytes):
    units = round(megabytes * 1e6 / (2 * 4 * FEATURES))
    model = keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(units), keras.layers.Dense(FEATURES)])
    random = np.random.default_rng(0)
    for layer in model.layers:
        kernel, bias = layer.weights
        kernel.assign(random.random(kernel.shape, dtype=np.float32) - np.float32(0.5))
        bias.assign(random.random(bias.shape, dtype=np.float32))
    model.save(f"{path}.part.h5")
    os.replace(f"{path}.part.h5", path)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
