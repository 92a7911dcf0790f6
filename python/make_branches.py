"""Writes one .h5 whose functional model has one layer per branch, as the bounds are judged on (test/bounds).

    python make_branches.py BRANCHES.json OUT.h5

A branch is { "name", "className", "config", "inputs": [{ "shape" without the batch, "dtype" }], "states": how many of the
inputs are initial states, "masked": [bool] per input: through a Masking layer }. Weights are seeded by the branch's name.
What Keras refuses is left out; the last line printed is JSON: { name: what Keras said }.
"""

import json
import os
import pathlib
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from record_layers import make_layer  # noqa: E402
from seeded import seed_weights  # noqa: E402


def build(branch):
    name = branch["name"]
    inputs = [
        keras.Input(tuple(spec["shape"]), dtype=spec.get("dtype", "float32"), name=f"{name}_in{i}")
        for i, spec in enumerate(branch["inputs"])
    ]
    fed = [
        keras.layers.Masking(0.0, name=f"{name}_mask{i}")(x) if masked else x
        for i, (x, masked) in enumerate(zip(inputs, branch["masked"]))
    ]
    first = len(fed) - branch["states"]
    states = {"initial_state": fed[first:]} if branch["states"] else {}
    layer = make_layer("keras3", branch["className"], {**branch["config"], "name": name})
    outputs = layer(fed[0] if first == 1 else fed[:first], **states)
    seed_weights(layer, name)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    # Some refusals come only when it runs (channels_first convolutions on the CPU).
    model = keras.Model(inputs, outputs)
    # Keras 3 writes how a mask is computed as operations of the graph, which no layer definition covers.
    operations = [op.name for op in model.operations if not isinstance(op, keras.Layer)]
    if operations:
        raise NotImplementedError(f"written with operations beside the layer: {', '.join(operations)}")
    if branch["className"] in ("LayerNormalization", "Normalization"):
        # Over several axes Keras 3 does not read back from .h5 what it wrote.
        with tempfile.TemporaryDirectory() as folder:
            model.save(f"{folder}/one.h5")
            keras.models.load_model(f"{folder}/one.h5")
    model([np.ones((2, *x.shape[1:]), x.dtype) for x in inputs], training=False)
    return inputs, outputs


def main(source, target):
    inputs, outputs, refused = [], [], {}
    for branch in json.loads(pathlib.Path(source).read_text()):
        try:
            made, out = build(branch)
        except Exception as error:  # noqa: BLE001  whatever Keras says, the others go on
            refused[branch["name"]] = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
            continue
        inputs += made
        outputs += out
    keras.Model(inputs, outputs, name="branches").save(target)
    print(json.dumps(refused))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
