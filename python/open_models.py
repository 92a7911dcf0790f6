"""Opens model files in real Keras and runs them, one JSON line at a time; asked by scripts/peers/keras.mjs.

    {"path", "package": "keras" | "tf_keras", "inputs": [npy], "calls", "out"} -> {"outputs": [npy]} or {"error"}

The call is the eager `model(x, training=False)`, from fresh states; of `calls` calls the last one's outputs are written,
flattened, to OUT_0.npy, OUT_1.npy, … Files are opened as any user would: no custom objects, safe mode.
"""

import json
import os
import sys
import warnings

OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
warnings.filterwarnings("ignore")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf_keras  # noqa: E402

FRESH_EVERY = 50


def flatten(package, value):
    return keras.tree.flatten(value) if package is keras else tf.nest.flatten(value)


def as_array(tensor):
    array = np.asarray(tensor)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def run(package, model, arrays, calls):
    if len(arrays) != len(model.inputs):
        raise ValueError(f"it has {len(model.inputs)} inputs instead of {len(arrays)}")
    tensors = [tf.constant(a) for a in arrays]
    for _ in range(calls):
        outputs = model(tensors[0] if len(tensors) == 1 else tensors, training=False)
    return [as_array(tensor) for tensor in flatten(package, outputs)]


def answer(question):
    package = {"keras": keras, "tf_keras": tf_keras}[question["package"]]
    model = package.models.load_model(question["path"], compile=False)
    arrays = [np.load(path) for path in question["inputs"]]
    paths = []
    for i, output in enumerate(run(package, model, arrays, question["calls"])):
        paths.append(f"{question['out']}_{i}.npy")
        np.save(paths[-1], output)
    return {"outputs": paths}


def words_of(error):
    """The first words and the innermost reason: Keras wraps one in another, each with the whole configuration."""
    text = " ".join(str(error).split())
    reason = text.rsplit("Exception encountered:", 1)[-1].split("Full object config")[0].strip()
    return reason[:500] if reason == text else f"{reason[:500]} (in {text[:60]}…)"


def main():
    for count, line in enumerate(sys.stdin):
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # noqa: BLE001  whatever Keras throws is the answer
            reply = {"error": f"{type(error).__name__}: {words_of(error)}"}
        OUT.write(json.dumps(reply) + "\n")
        OUT.flush()
        if count % FRESH_EVERY == FRESH_EVERY - 1:
            keras.backend.clear_session()
            tf_keras.backend.clear_session()


if __name__ == "__main__":
    main()
