"""Deterministic numbers for recorded oracles and fixtures: weights that leave no term of a formula invisible.

A fresh Keras layer has zero biases and unit BatchNormalization statistics, under which a dropped bias or a swapped
mean and variance goes unnoticed. Here every weight is drawn from a distribution that its role allows.
"""

import zlib

import numpy as np

POSITIVE = ("variance", "running_std")
NEAR_ONE = ("gamma", "scale")


def generator(*keys):
    """A generator that depends on the keys alone, not on the order in which things are made."""
    return np.random.Generator(np.random.PCG64(zlib.crc32("/".join(map(str, keys)).encode())))


def weight_value(name, shape, random):
    """A float32 value for the weight of this name and shape."""
    role = name.split("/")[-1].split(":")[0]
    if any(word in role for word in POSITIVE):
        value = random.uniform(0.4, 1.6, shape)
    elif any(word in role for word in NEAR_ONE):
        value = random.uniform(0.6, 1.4, shape) * np.where(random.random(shape) < 0.25, -1.0, 1.0)
    elif role in ("bias", "beta", "moving_mean", "mean") or "bias" in role:
        value = random.normal(0.0, 0.3, shape)
    elif role == "alpha":
        value = random.uniform(-0.2, 0.6, shape)
    elif role == "embeddings":
        value = random.normal(0.0, 1.0, shape)
    else:  # kernels: unit variance in, about unit variance out
        fan_in = max(1, int(np.prod(shape[:-1]))) if len(shape) > 1 else 1
        if "depthwise" in role:
            fan_in = max(1, int(np.prod(shape[:-2])))
        value = random.normal(0.0, 1.0 / np.sqrt(fan_in), shape)
    return np.asarray(value, dtype=np.float32)


def byte_value(name, shape, random):
    """Quantized weights: zeros of 4 bits, and bytes, of which int4 packs two numbers into each."""
    low, high = (-8, 8) if name.endswith("_zero") else (-127, 128)
    return random.integers(low, high, shape).astype(np.int8)


def name_of(weight):
    """Keras 3 knows a variable's path, Keras 2 its name with a trailing ":0"."""
    path = getattr(weight, "path", None) or weight.name
    return path.split(":")[0]


def seed_weights(target, *keys):
    """Gives a layer or model deterministic weights; counters, seeds and what stands for an index stay as they are."""
    values = []
    for index, weight in enumerate(target.weights):
        shape, name = tuple(int(d) for d in weight.shape), name_of(weight)
        random, dtype = generator(*keys, index), np.dtype(dtype_of(weight))
        if dtype == np.int8:
            values.append(byte_value(name, shape, random))
        elif not np.issubdtype(dtype, np.floating) or name.endswith("g_idx"):
            values.append(target.get_weights()[index])
        else:
            values.append(weight_value(name, shape, random))
    target.set_weights(values)
    # Normalization computes with copies of its weights, which it makes as it is adapted or loaded.
    for layer in target._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    return target


def dtype_of(weight):
    return weight.dtype if isinstance(weight.dtype, str) else weight.dtype.name
