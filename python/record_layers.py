"""Records what real Keras computes for one layer at a time: the oracle of meaning for every layer definition.

    python record_layers.py SAMPLES.json OUTDIR [--family NAME]

SAMPLES.json is a list of cases (dumped from the layer definitions by scripts/dump-samples.mjs):

    { "id", "family", "className",
      "config": {...}                      or "configs": { "keras2": {...}, "keras3": {...} } where spellings differ,
      "classNames": { "keras2": ... }      where the class is called otherwise,
      "inputs": [{ "shape", "dtype", "values", "max" }],
      "samples": n                         the batch, put before every shape; absent: shapes have it already,
      "masks": ["none" | "ragged" | "random" | "left" | { "kind", "shape" }],    one per input,
      "args": { name: JSON | tensor spec | [tensor spec] },                     further call arguments,
      "dialects": ["keras2", "keras3"] }

`values`: normal, uniform (0..1), positive, small (1e-3), tiny (1e-7), large (50), indices (0..max-1), pixels (0..255), bits, zeros,
padded (normal, zero where a "ragged" mask would be false, as Masking expects), signed (small whole numbers).

OUTDIR/<family>.json.gz gets every case with config as Keras's own get_config returned it, seeded weights in
get_weights order, inputs, masks, outputs and output masks, run eagerly in float32 on TensorFlow's CPU kernels. The
bytes depend on the samples and the pins only. A case that Keras refuses is reported and makes the exit code 1.
"""

import base64
import collections.abc
import gzip
import json
import os
import pathlib
import platform
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
# TensorFlow computes channels_first convolutions by oneDNN alone, and takes it by itself on some processors only.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf_keras  # noqa: E402
from keras.src.backend import get_keras_mask, set_keras_mask  # noqa: E402
from seeded import generator, name_of, seed_weights  # noqa: E402

PACKAGES = {"keras2": tf_keras, "keras3": keras}
RECORDED_BY = {"script": "python/record_layers.py", "keras": keras.__version__, "tf_keras": tf_keras.__version__,
               "tensorflow": tf.__version__, "python": platform.python_version()}  # fmt: skip


# ---------------------------------------------------------------------------------------------- inputs


def make_values(kind, shape, dtype, maximum, random):
    if kind == "normal":
        value = random.normal(0.0, 1.0, shape)
    elif kind == "uniform":
        value = random.uniform(0.0, 1.0, shape)
    elif kind == "positive":
        value = random.uniform(0.1, 2.0, shape)
    elif kind == "small":
        value = random.normal(0.0, 1e-3, shape)
    elif kind == "tiny":
        value = random.normal(0.0, 1e-7, shape)
    elif kind == "large":
        value = random.normal(0.0, 50.0, shape)
    elif kind == "indices":
        value = random.integers(0, maximum, shape)
    elif kind == "signed":
        value = random.integers(-5, 6, shape)
    elif kind == "pixels":
        value = random.integers(0, 256, shape)
    elif kind == "bits":
        value = random.integers(0, 2, shape)
    elif kind == "zeros":
        value = np.zeros(shape)
    elif kind == "padded":
        keep = make_mask("ragged", shape[:2], random)
        value = random.normal(0.0, 1.0, shape) * keep.reshape(keep.shape + (1,) * (len(shape) - 2))
    else:
        raise ValueError(f"unknown values {kind!r}")
    return np.asarray(value).astype(dtype)


def make_mask(kind, shape, random):
    """Boolean [batch, time]; no row is masked entirely, except by "random", now and then."""
    batch, time = shape[0], shape[1]
    if kind in ("ragged", "left"):
        lengths = np.maximum(1, time - np.arange(batch) % time)
        keep = np.arange(time)[None, :] < lengths[:, None]
        return keep if kind == "ragged" else keep[:, ::-1].copy()
    if kind == "random":
        return random.random(shape) < 0.6
    raise ValueError(f"unknown mask {kind!r}")


def tensor_of(spec, batch, keys):
    shape = ([batch] if batch is not None else []) + list(spec["shape"])
    dtype = spec.get("dtype", "float32")
    return make_values(spec.get("values", "normal"), tuple(shape), dtype, spec.get("max", 2), generator(*keys))


def mask_of(spec, array, keys):
    if spec is None or spec == "none":
        return None
    kind, shape = (spec["kind"], spec["shape"]) if isinstance(spec, dict) else (spec, array.shape[:2])
    return make_mask(kind, tuple(shape), generator(*keys))


def argument_of(value, batch, keys):
    """Tensor specs become arrays, at any depth of lists; other JSON stays."""
    if isinstance(value, dict) and "shape" in value:
        return tensor_of(value, batch, keys)
    if isinstance(value, list) and any(isinstance(v, dict) for v in value):
        return [argument_of(v, batch, (*keys, i)) for i, v in enumerate(value)]
    return value


# ------------------------------------------------------------------------------------------------ Keras


def with_modules(config):
    """Keras 3 wants nested layers with their module; the samples leave it out."""
    if isinstance(config, list):
        return [with_modules(v) for v in config]
    if not isinstance(config, dict):
        return config
    config = {k: with_modules(v) for k, v in config.items()}
    if "class_name" in config and "config" in config and hasattr(keras.layers, config["class_name"]):
        config.setdefault("module", "keras.layers")
        config.setdefault("registered_name", None)
    return config


def make_layer(dialect, class_name, config):
    config = {"name": "layer", **config}
    if dialect == "keras2":
        return tf_keras.layers.deserialize({"class_name": class_name, "config": config})
    config = with_modules({"class_name": class_name, "config": config})
    return keras.layers.deserialize(config)


def as_tensor(array):
    return tf.constant(array)


def run(dialect, layer, arrays, masks, kwargs):
    """Outputs and their masks as they flow in a model: attached to the tensors, not passed as arguments."""
    tensors = [as_tensor(a) for a in arrays]
    for tensor, mask in zip(tensors, masks):
        if mask is not None and dialect == "keras3":
            set_keras_mask(tensor, as_tensor(mask))
        elif mask is not None:
            tensor._keras_mask = as_tensor(mask)
    arguments = {k: to_tensors(v) for k, v in kwargs.items()}
    if getattr(layer, "_expects_training_arg", False) or getattr(layer, "_call_has_training_arg", False):
        arguments.setdefault("training", False)
    outputs = tf.nest.flatten(layer(tensors[0] if len(tensors) == 1 else tensors, **arguments))
    read = get_keras_mask if dialect == "keras3" else (lambda t: getattr(t, "_keras_mask", None))
    found = [read(t) for t in outputs]
    return [t.numpy() for t in outputs], [None if m is None else np.asarray(m) for m in found]


def to_tensors(value):
    if isinstance(value, np.ndarray):
        return as_tensor(value)
    return [to_tensors(v) for v in value] if isinstance(value, list) else value


TWIN = "recorded from the channels_last twin of the same weights, its input and output transposed"
# Keras 3.15.1 on TensorFlow adds the bias of a channels_first convolution along the last axis when the output's width
# equals its channels (backend/tensorflow/numpy.py, add: "x2 looks like bias"). A layer's meaning is not that accident.
# Rounding of layers as small as these stays a hundred times below this share of the largest output.
WRONG_KERNEL = 2.0**-10


def last_to_first(array):
    return np.moveaxis(array, -1, 1)


def first_to_last(array):
    return np.moveaxis(array, 1, -1)


def without_channels_first(config):
    if isinstance(config, dict):
        return {k: "channels_last" if k == "data_format" else without_channels_first(v) for k, v in config.items()}
    return [without_channels_first(v) for v in config] if isinstance(config, list) else config


def run_twin(dialect, class_name, config, case, arrays, kwargs):
    twin = make_layer(dialect, class_name, without_channels_first(config))
    swapped = [first_to_last(a) for a in arrays]
    none = [None] * len(arrays)
    run(dialect, twin, swapped, none, kwargs)
    seed_weights(twin, case["id"])
    outputs, masks = run(dialect, twin, swapped, none, kwargs)
    return twin, [last_to_first(o) if o.ndim > 2 else o for o in outputs], masks


def differs(a, b):
    return a.shape != b.shape or bool(np.max(np.abs(a - b), initial=0.0) > WRONG_KERNEL * np.max(np.abs(b), initial=0.0))


def record_case(case, dialect):
    class_name = case.get("classNames", {}).get(dialect, case["className"])
    config = case.get("configs", {}).get(dialect, case.get("config", {}))
    batch, key = case.get("samples"), case["id"]
    arrays = [tensor_of(spec, batch, (key, "input", i)) for i, spec in enumerate(case["inputs"])]
    specs = case.get("masks") or [None] * len(arrays)
    masks = [mask_of(spec, array, (key, "mask", i)) for i, (spec, array) in enumerate(zip(specs, arrays))]
    kwargs = {k: argument_of(v, batch, (key, k)) for k, v in case.get("args", {}).items()}
    layer, note = make_layer(dialect, class_name, config), None
    returned = layer.get_config()
    has_twin = config.get("data_format") == "channels_first" and all(m is None for m in masks)
    try:
        run(dialect, layer, arrays, masks, kwargs)  # builds
        seed_weights(layer, key)
        outputs, output_masks = run(dialect, layer, arrays, masks, kwargs)
    except (tf.errors.OpError, ValueError, NotImplementedError) as error:
        if not has_twin:
            raise
        layer, outputs, output_masks = run_twin(dialect, class_name, config, case, arrays, kwargs)
        note = f"{TWIN}: this Keras refuses channels_first here ({type(error).__name__})"
    else:
        if has_twin:
            _, expected, _ = run_twin(dialect, class_name, config, case, arrays, kwargs)
            if any(differs(a, b) for a, b in zip(outputs, expected)):
                outputs, note = expected, f"{TWIN}: this Keras's own channels_first output is wrong here"
    return {
        "id": key, "family": case["family"], "className": class_name, "dialect": dialect, "config": returned,
        "kwargs": {k: encode_argument(v) for k, v in kwargs.items()},
        "inputs": [encode(a) for a in arrays], "masks": [None if m is None else encode(m) for m in masks],
        "weights": [{"name": weight_name(layer, w), **encode(w.numpy())} for w in in_file_order(layer)],
        "outputs": [encode(o) for o in outputs], "outputMasks": [None if m is None else encode(m) for m in output_masks],
        **({} if note is None else {"note": note}),
    }  # fmt: skip


def in_file_order(layer):
    """As get_weights has them; quantized ones as a .keras file has them, which does not depend on how they came to be."""
    mode = getattr(layer, "quantization_mode", None)
    if mode is None:
        return layer.weights
    order = layer.variable_serialization_spec[mode]
    return sorted(layer.weights, key=lambda weight: order.index(weight.name))


def weight_name(layer, weight):
    name = name_of(weight)
    return name.removeprefix(f"{layer.name}/")


# ------------------------------------------------------------------------------------------------ files


def encode(array):
    array = np.asarray(array)
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return {"shape": list(array.shape), "dtype": str(array.dtype), "base64": base64.b64encode(data).decode()}


def encode_argument(value):
    if isinstance(value, np.ndarray):
        return encode(value)
    return [encode_argument(v) for v in value] if isinstance(value, list) else value


def plain(value):
    """What json does not know in a config: NumPy numbers, the dicts that tf_keras wraps; tuples are lists already."""
    if isinstance(value, collections.abc.Mapping):
        return dict(value)
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} in a config")


def write_family(folder, family, cases):
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"recordedBy": RECORDED_BY, "cases": cases}, sort_keys=True, separators=(",", ":"), default=plain)
    (folder / f"{family}.json.gz").write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def main(samples, folder, only):
    families, failures, seen = {}, [], set()
    for case in json.loads(pathlib.Path(samples).read_text()):
        if only is not None and case["family"] != only:
            continue
        if case["id"] in seen:
            failures.append(f"{case['id']}: the id occurs twice")
        seen.add(case["id"])
        for dialect in case["dialects"]:
            try:
                families.setdefault(case["family"], []).append(record_case(case, dialect))
            except Exception as error:  # noqa: BLE001  one refusal must not hide the others
                words = " ".join(str(error).split())[:300]
                failures.append(f"{case['id']} ({dialect}): {type(error).__name__}: {words}")
    for family, cases in sorted(families.items()):
        write_family(pathlib.Path(folder), family, cases)
        print(f"{family}: {len(cases)} cases")
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    rest = sys.argv[1:]
    family = None
    if "--family" in rest:
        at = rest.index("--family")
        family = rest[at + 1]
        del rest[at : at + 2]
    if len(rest) != 2:
        sys.exit(__doc__)
    sys.exit(main(rest[0], rest[1], family))
