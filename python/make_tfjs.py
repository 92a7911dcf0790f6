"""Writes a Keras 2 `.h5` as a TF.js layers-model, laid out as tensorflowjs_converter 4.22 lays it out.

The layout was read from its sources and from conversions that people published: `modelTopology` holds the HDF5
attributes as they are; one weight group, layers in HDF5's (alphabetical) order, each layer's weights in the order of
its `weight_names`; names without ":0"; 4 MiB shards; quantization per weight, float32 weights only.

    python make_tfjs.py model.h5 folder [uint8|uint16|float16] [--split-by-layer]
"""

import json
import pathlib
import sys

import h5py
import numpy as np

SHARD_BYTES = 4 * 1024 * 1024
CONVERTED_BY = "Vernier's python/make_tfjs.py, as TensorFlow.js Converter v4.22.0 would"


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def attribute_list(group, name):
    """A list attribute; one that is too long for HDF5 is split over name0, name1, …"""
    if name in group.attrs:
        return [text(v) for v in group.attrs[name]]
    values, part = [], 0
    while f"{name}{part}" in group.attrs:
        values += [text(v) for v in group.attrs[f"{name}{part}"]]
        part += 1
    return values


def quantize(data, dtype):
    """(bytes as an array, manifest entry). 0 stays exactly representable where the range covers it, as in TF Lite."""
    if dtype == "float16":
        return data.astype(np.float16), {"dtype": dtype, "original_dtype": "float32"}
    levels = np.iinfo(dtype).max
    low, high = float(data.min()), float(data.max())
    if low == high:
        return np.zeros(data.shape, dtype), {"dtype": dtype, "min": low, "scale": 1.0, "original_dtype": "float32"}
    scale = (high - low) / levels
    if low <= 0.0 <= high:
        low = float(-np.round(-low / scale) * scale)
        high = levels * scale + low
    codes = np.round((data.clip(low, high) - low) / scale).astype(dtype)
    return codes, {"dtype": dtype, "min": low, "scale": scale, "original_dtype": "float32"}


def read_groups(file, split_by_layer):
    weights = file["model_weights"]
    groups = []
    for layer in weights:  # alphabetical, as HDF5 keeps them
        entries = [(name.split(":")[0] if name.endswith(":0") else name, np.array(weights[layer][name]))
                   for name in attribute_list(weights[layer], "weight_names")]  # fmt: skip
        if entries:
            groups.append(entries)
    return groups if split_by_layer else [[entry for group in groups for entry in group]]


def write_group(index, entries, folder, quantization, shard_bytes):
    manifest, parts = [], []
    for name, data in entries:
        entry = {"name": name, "shape": list(data.shape), "dtype": data.dtype.name}
        if quantization is not None and data.dtype == np.float32:
            data, entry["quantization"] = quantize(data, quantization)
        manifest.append(entry)
        parts.append(np.ascontiguousarray(data).tobytes())
    blob = b"".join(parts)
    count = -(-len(blob) // shard_bytes)
    paths = [f"group{index + 1}-shard{i + 1}of{count}.bin" for i in range(count)]
    for i, path in enumerate(paths):
        (folder / path).write_bytes(blob[i * shard_bytes : (i + 1) * shard_bytes])
    return {"paths": paths, "weights": manifest}


def write_tfjs(h5_path, folder, quantization=None, split_by_layer=False, shard_bytes=SHARD_BYTES):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(h5_path, "r") as file:
        version, backend = text(file.attrs["keras_version"]), text(file.attrs["backend"])
        topology = {"keras_version": version, "backend": backend, "model_config": json.loads(text(file.attrs["model_config"]))}
        if "training_config" in file.attrs:
            topology["training_config"] = json.loads(text(file.attrs["training_config"]))
        groups = read_groups(file, split_by_layer)
    manifest = [write_group(i, g, folder, quantization, shard_bytes) for i, g in enumerate(groups)]
    model = {"format": "layers-model", "generatedBy": f"keras v{version}", "convertedBy": CONVERTED_BY,
             "modelTopology": topology, "weightsManifest": manifest}  # fmt: skip
    (folder / "model.json").write_text(json.dumps(model))


if __name__ == "__main__":
    flags = [a for a in sys.argv[1:] if not a.startswith("--")]
    if not 2 <= len(flags) <= 3:
        sys.exit(__doc__)
    write_tfjs(flags[0], flags[1], flags[2] if len(flags) == 3 else None, "--split-by-layer" in sys.argv)
