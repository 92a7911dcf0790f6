"""Real Keras on both ends of a conversion (see test/engines/convert-keras.test.ts).

    python convert_models.py make CASES.json OUTDIR     models of one layer each, saved by Keras 3 and tf_keras, and what they compute
    python convert_models.py load JOBS.json ANSWERS.json    loads what was written from them, and says what differs

CASES.json is a list as `python/record_layers.py` takes it. OUTDIR/index.json lists what was made:

    { "id", "dialect", "className", "files": [PATH, ...], "data": PATH } or { "id", "dialect", "className", "error" }

JOBS.json is a list of { "path", "with": "keras" | "tf_keras", "data": PATH, "original": PATH, "compile": bool }; each answer is
{ "original", "outputs": null or what differs, "warnings": [those that loading the original does not give] } or { "error" }.
Models are called eagerly, so that nothing but the layers' own kernels runs.
"""

import json
import pathlib
import re
import sys
import warnings

from record_layers import PACKAGES, make_layer, tensor_of  # noqa: I001  sets the backend before Keras is imported
import numpy as np
import tensorflow as tf
from seeded import seed_weights

LIBRARIES = {"keras": PACKAGES["keras3"], "tf_keras": PACKAGES["keras2"]}


def build(case, dialect):
    """Inputs, a Masking where the sample has a mask, and the layer."""
    layers = PACKAGES[dialect].layers
    specs = case["inputs"]
    masks = case.get("masks") or ["none"] * len(specs)
    inputs = [
        layers.Input(tuple(spec["shape"][1:]), dtype=spec.get("dtype", "float32"), name=f"input_{i}")
        for i, spec in enumerate(specs)
    ]
    given = [
        layers.Masking(name=f"masking_{i}")(x) if mask != "none" and len(spec["shape"]) > 2 else x
        for i, (x, mask, spec) in enumerate(zip(inputs, masks, specs))
    ]
    states = [
        layers.Input(tuple(spec["shape"][1:]), name=f"state_{i}")
        for i, spec in enumerate(case.get("args", {}).get("initial_state", []))
    ]
    layer = make_layer(dialect, case["className"], case["configs"][dialect])
    kwargs = {"initial_state": states} if states else {}
    outputs = layer(given if len(given) > 1 else given[0], **kwargs)
    return PACKAGES[dialect].Model(inputs + states, tf.nest.flatten(outputs))


def numbers(model, arrays):
    outputs = model([tf.constant(a) for a in arrays] if len(arrays) > 1 else tf.constant(arrays[0]), training=False)
    return [np.asarray(y) for y in tf.nest.flatten(outputs)]


def make_one(case, dialect, folder):
    model = build(case, dialect)
    seed_weights(model, case["id"])
    specs = list(case["inputs"]) + list(case.get("args", {}).get("initial_state", []))
    arrays = [tensor_of(spec, None, (case["id"], "input", i)) for i, spec in enumerate(specs)]
    for array, mask in zip(arrays, case.get("masks") or []):
        if mask != "none" and array.ndim > 2:  # steps that Masking leaves out
            array[:, -1] = 0
    outputs = numbers(model, arrays)
    package = PACKAGES[dialect]  # by objects: Keras 3 does not load a loss by name from an .h5
    model.compile(package.optimizers.Adam(), package.losses.MeanSquaredError())
    stem = folder / f"{case['id']}-{dialect}"
    files = [f"{stem}.h5", f"{stem}.keras"]
    for file in files:
        model.save(file)
    np.savez(f"{stem}.npz", **{f"in{i}": a for i, a in enumerate(arrays)}, **{f"out{i}": a for i, a in enumerate(outputs)})
    return {"files": files, "data": f"{stem}.npz"}


def make(cases, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    for case in json.loads(pathlib.Path(cases).read_text()):
        for dialect in case["dialects"]:
            entry = {"id": case["id"], "dialect": dialect, "className": case["className"]}
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    entry |= make_one(case, dialect, folder)
            except Exception as error:  # noqa: BLE001  one refusal must not hide the others
                entry["error"] = text_of(error)
            index.append(entry)
    (folder / "index.json").write_text(json.dumps(index))


def opened(path, library, compile):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = library.models.load_model(path, compile=compile)
    # Names of optimizers count up within a process; how many variables one has is its own matter.
    return model, {re.sub(r"'[^']*'|\d+", "…", str(w.message).split("\n")[0]) for w in caught}


def differences(model, data):
    """Bit for bit; `None` where there are none."""
    found = numbers(model, [data[name] for name in data.files if name.startswith("in")])
    expected = [data[name] for name in data.files if name.startswith("out")]
    wrong = [
        f"output {i}: {y.dtype} {list(y.shape)} in place of {x.dtype} {list(x.shape)}"
        if x.shape != y.shape or x.dtype != y.dtype
        else f"output {i} by {np.max(np.abs(x.astype('float64') - y)):.3g} of {np.max(np.abs(x)):.3g}"
        for i, (x, y) in enumerate(zip(expected, found))
        if x.shape != y.shape or x.dtype != y.dtype or x.tobytes() != y.tobytes()
    ]
    if len(found) != len(expected):
        wrong.append(f"{len(found)} outputs in place of {len(expected)}")
    return "; ".join(wrong) or None


def load_one(job):
    """`original`: why this Keras does not load what Keras itself wrote of the model, which is no fault of a conversion."""
    library, data = LIBRARIES[job["with"]], np.load(job["data"])
    try:
        _, usual = opened(job["original"], library, job["compile"])
        original = None
    except Exception as error:  # noqa: BLE001
        usual, original = set(), text_of(error)
    try:
        model, said = opened(job["path"], library, job["compile"])
        outputs = differences(model, data)
    except Exception as error:  # noqa: BLE001
        return {"original": original, "error": text_of(error)}
    return {"original": original, "outputs": outputs, "warnings": sorted(said - usual)}


def text_of(error):
    return " ".join(f"{type(error).__name__}: {error}".split())[:400]


def load(jobs, answers):
    found = []
    for job in json.loads(pathlib.Path(jobs).read_text()):
        try:
            found.append(load_one(job))
        except Exception as error:  # noqa: BLE001
            found.append({"error": text_of(error)})
    pathlib.Path(answers).write_text(json.dumps(found))


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("make", "load"):
        sys.exit(__doc__)
    (make if sys.argv[1] == "make" else load)(sys.argv[2], sys.argv[3])
