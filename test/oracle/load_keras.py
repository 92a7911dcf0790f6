"""Loads files in real Keras (see keras-writer.test.ts). One line of JSON per question on standard input:

["weights", PATH]      load_weights into Dense(2, name="a"), Dense(1, name="b") in Keras 3 and in tf_keras: their weights
["model", PATH, WITH]  load_model in WITH ("keras" or "tf_keras"): a digest of each weight, and the predictions
["split", [NAME, ...]] how Keras splits this list over attributes: name and length of each
"""
import hashlib
import json
import os
import sys
import tempfile
import warnings

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
# Keras prints to standard output; answers go where it was.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import h5py
import keras
import numpy as np
import tf_keras
from keras.src.legacy.saving.legacy_h5_format import save_attributes_to_hdf5_group

KERAS = {"keras": keras, "tf_keras": tf_keras}


def weights(path):
    def load(library):
        dense = library.layers.Dense
        model = library.Sequential([library.layers.Input((3,)), dense(2, name="a"), dense(1, name="b")])
        model.load_weights(path)
        return [w.tolist() for w in model.get_weights()]

    return {name: load(library) for name, library in KERAS.items()}


def model(path, name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = KERAS[name].models.load_model(path, compile=False)
    random = np.random.default_rng(1)
    inputs = [
        random.integers(0, 5, (2, *(d or 7 for d in x.shape[1:]))).astype("float32")
        for x in (loaded.inputs if isinstance(loaded.inputs, list) else [loaded.inputs])
    ]
    outputs = loaded.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    return {
        "weights": [digest(w) for w in loaded.get_weights()],
        "outputs": [digest(y) for y in (outputs if isinstance(outputs, list) else [outputs])],
        "warnings": sorted({str(w.message).split("\n")[0] for w in caught}),
    }


def digest(array):
    return [str(array.dtype), list(array.shape), hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()]


def split(names):
    with tempfile.TemporaryDirectory() as folder, h5py.File(os.path.join(folder, "x.h5"), "w") as file:
        save_attributes_to_hdf5_group(file, "names", [name.encode("utf8") for name in names])
        return [[name, len(file.attrs[name])] for name in sorted(file.attrs, key=lambda n: (len(n), n))]


ACTIONS = {"weights": weights, "model": model, "split": split}

for line in sys.stdin:
    action, *arguments = json.loads(line)
    try:
        answer = ACTIONS[action](*arguments)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
