"""How far TensorFlow's elementary functions stray in float32 on a CPU: the figures of src/numerics/engines.ts.

    python python/function_errors.py [--stride N]

The same points and the same measure as bench/function-errors.mjs: every N-th float32 of either sign, subnormals
included, and 4097 neighbours of each place where an implementation could change its method, against float64. An
error counts in units of 2u*|exact| ("ulps", u = 2**-24) where the result is normal and that is at most
RELATIVE_UP_TO, else as "absolute", so that |computed - exact| <= ulps*2u*|exact| + absolute held at every point.
Eager, as the Keras engine's trace is; each chunk of 65536 also in tensors of 1 to 7 elements and one that starts
off the alignment, since vectorised loops and their scalar tails differ. TensorFlow takes a subnormal operand for
zero; the figures are for operands that are zero or normal (Arithmetic.flushesSubnormals says the rest).
"""

import argparse
import json
import math
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf

UNIT = 2.0**-23
LARGEST = float(np.finfo(np.float32).max)
SMALLEST_NORMAL = 2.0**-126
RELATIVE_UP_TO = 8
# Kernels that lose all relative accuracy near 0 are described by 1 ulp and an absolute error, the others by ulps.
LOSING = {"elu", "selu"}
CHUNK = 1 << 16
NEAR = [0.0004, 0.1, 0.22, 0.25, 0.34657, 0.4, 0.5, 0.55, 0.625, 0.6931472, 0.84375, 1, 1.0397208, 1.25, 2, 2.857, 3.92, 4, 5,
        7.9, 7.9053, 9, 9.01, 10, 13.942385, 15.9424, 16.635532, 17.328680, 18, 20, 22, 27, 44, 87.33654, 88.02969, 88.37626,
        88.3762626647949, 88.72284, 89, 103.97208, 104]
SELU, SELU_SCALE = 1.7580993408473768599402175208123, 1.0507009873554804934193349852946
erf = np.vectorize(math.erf, otypes=[np.float64])


def points(stride):
    windows = [np.arange(-2048, 2049, dtype=np.int64) + np.float32(x).view(np.uint32) for x in NEAR]
    positive = np.concatenate([np.arange(0, 0x7F800000, stride, dtype=np.int64), *windows]).astype(np.uint32)
    return np.concatenate([positive, positive | np.uint32(0x80000000)]).view(np.float32)


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def softmax_of_two(x):
    return tf.nn.softmax(tf.stack([x, tf.zeros_like(x)], 1))[:, 0]


always, positive, up_to_zero = (lambda x: np.isfinite(x)), (lambda x: x > 0), (lambda x: x <= 0)
FUNCTIONS = [
    ("exp", "exp", tf.exp, np.exp, always),
    ("exp", "softmax of [x, 0]", softmax_of_two, sigmoid, up_to_zero),
    ("expm1", "expm1", tf.math.expm1, np.expm1, always),
    ("expm1", "elu", tf.nn.elu, lambda x: np.where(x > 0, x, np.expm1(x)), always),
    ("expm1", "selu", tf.nn.selu, lambda x: np.where(x > 0, SELU_SCALE * x, SELU * np.expm1(x)), always),
    ("log", "log", tf.math.log, np.log, positive),
    ("log1p", "log1p", tf.math.log1p, np.log1p, lambda x: x > -1),
    ("tanh", "tanh", tf.tanh, np.tanh, always),
    ("sigmoid", "sigmoid", tf.sigmoid, sigmoid, always),
    ("erf", "erf", tf.math.erf, erf, always),
    ("sqrt", "sqrt", tf.sqrt, np.sqrt, lambda x: x >= 0),
    ("rsqrt", "rsqrt", tf.math.rsqrt, lambda x: 1 / np.sqrt(x), positive),
    ("softplus", "softplus", tf.nn.softplus, lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), always),
] + [
    ("pow", f"pow(x, {p:.3f})", lambda x, p=p: tf.pow(x, np.float32(p)), lambda x, p=p: x ** np.float64(np.float32(p)), positive)
    for p in (2, 3, 0.5, -0.5, 1 / 3, -1, 7.25, 0.001)
]


def measure(name, run, exact, domain, xs):
    limit = 1 if name in LOSING else RELATIVE_UP_TO
    best = {"points": 0, "ulps": 0.0, "ulpsAt": 0.0, "absolute": 0.0, "absoluteAt": 0.0, "lost": 0.0, "notFinite": None}

    def tally(x, y):
        with np.errstate(all="ignore"):
            want = exact(x.astype(np.float64))
            keep = domain(x) & (np.abs(want) <= LARGEST) & ((x == 0) | (np.abs(x) >= SMALLEST_NORMAL))
            x, y, want = x[keep], y[keep].astype(np.float64), want[keep]
            error = np.abs(y - want)
            bad = ~np.isfinite(error) & (np.abs(want) < LARGEST * (1 - 2.0**-20))
            if bad.any():
                i = np.flatnonzero(bad)[0]
                best["notFinite"] = [float(x[i]), float(y[i]), float(want[i])]
            error = np.where(np.isfinite(error), error, 0)
            ulps = np.where(error > 0, error / (UNIT * np.abs(want)), 0)
            relative = (ulps <= limit) & (np.abs(want) >= SMALLEST_NORMAL)
        best["points"] += len(x)
        for key, values in (("ulps", np.where(relative, ulps, 0)), ("absolute", np.where(relative, 0, error))):
            if len(values) and values.max() > best[key]:
                i = values.argmax()
                best[key], best[key + "At"] = float(values[i]), float(x[i])
        lost = np.where((np.abs(want) >= SMALLEST_NORMAL) & (y == 0), np.abs(want), 0)
        if len(lost):
            best["lost"] = max(best["lost"], float(lost.max()))

    for number, start in enumerate(range(0, len(xs), CHUNK)):
        x = xs[start : start + CHUNK]
        tally(x, run(tf.constant(x)).numpy())
        odd = x[1 : 4096 + number % 5]
        tally(odd, run(tf.constant(odd)).numpy())
        for i in range(8):
            few = x[97 * i : 97 * i + 1 + (number + i) % 7]
            if len(few):
                tally(few, run(tf.constant(few)).numpy())
    return best


def probes():
    c = lambda *x: tf.constant(x, tf.float32)
    big = lambda x: tf.fill([1 << 20], np.float32(x))
    first = lambda t: float(tf.reshape(t, [-1])[0])
    flush = {
        "product 1e-30*1e-12": first(c(1e-30) * c(1e-12)),
        "product, 2^20 elements": first(big(1e-30) * big(1e-12)),
        "sum of subnormals 3e-39 + 4e-39": first(c(3e-39) + c(4e-39)),
        "sum, 2^20 elements": first(big(3e-39) + big(4e-39)),
        "subnormal operand 3e-39 * 2^20": first(c(3e-39) * c(2.0**20)),
        "subnormal operand, 2^20 elements": first(big(3e-39) * big(2.0**20)),
        "exp(-95)": first(tf.exp(c(-95.0))),
        "exp(-95), 2^20 elements": first(tf.exp(big(-95.0))),
        "relu of subnormal 3e-39": first(tf.nn.relu(c(3e-39))),
        "relu of subnormal, 2^20 elements": first(tf.nn.relu(big(3e-39))),
        "matmul 1e-30*1e-12": first(tf.matmul(tf.fill([64, 1], np.float32(1e-30)), tf.fill([1, 64], np.float32(1e-12)))),
        "conv2d 1e-30*1e-12": first(tf.nn.conv2d(tf.fill([1, 32, 32, 1], np.float32(1e-30)), tf.fill([1, 1, 1, 4], np.float32(1e-12)), 1, "VALID")),
        "bias_add of subnormals": first(tf.nn.bias_add(tf.fill([64, 64], np.float32(3e-39)), tf.fill([64], np.float32(4e-39)))),
        "reduce_sum of 3e-39, 4e-39": first(tf.reduce_sum(tf.constant([[3e-39, 4e-39]] * 64, tf.float32), 1)),
        "max pool of 3e-39": first(tf.nn.max_pool2d(tf.fill([1, 4, 4, 1], np.float32(3e-39)), 2, 2, "VALID")),
    }
    rng = np.random.default_rng(1)
    n = 20000
    x = rng.uniform(0.5, 1.5, (n, 3)).astype(np.float32)
    sum3 = (x[:, 0] + x[:, 1]) + x[:, 2]
    image = tf.constant(x.reshape(n, 3, 1, 1))
    off = lambda y, want: int((np.asarray(y).reshape(-1) != want.astype(np.float32)).sum())
    correctly = {
        "division": off(tf.constant(x[:, 0]) / tf.constant(x[:, 1]), x[:, 0].astype(np.float64) / x[:, 1]),
        "mean of 3": off(tf.reduce_mean(tf.constant(x), 1), sum3.astype(np.float64) / 3),
        "mean of 3, as sum * (1/3)": off(tf.reduce_mean(tf.constant(x), 1), sum3 * np.float32(1 / 3)),
        "average pool 3x1": off(tf.nn.avg_pool2d(image, [3, 1], [3, 1], "VALID"), sum3.astype(np.float64) / 3),
        "average pool 3x1, as sum * (1/3)": off(tf.nn.avg_pool2d(image, [3, 1], [3, 1], "VALID"), sum3 * np.float32(1 / 3)),
        "average pool 5x1 same": off(tf.nn.avg_pool2d(image, [5, 1], [5, 1], "SAME"), sum3.astype(np.float64) / 3),
    }
    return {"flush": flush, "correctly": correctly, "trials": n}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stride", type=int, default=521)
    xs = points(parser.parse_args().stride)
    print(f"\n### TensorFlow {tf.__version__}, CPU, eager\n")
    print("| function | kernel | points | ulps | at | absolute | at |\n|---|---|---|---|---|---|---|")
    for entry, name, run, exact, domain in FUNCTIONS:
        s = measure(name, run, exact, domain, xs)
        print(f"| {entry} | {name} | {s['points']} | {s['ulps']:.3g} | {s['ulpsAt']:.3g} | {s['absolute']:.3g} | {s['absoluteAt']:.3g} |", flush=True)
        if s["lost"] > 0:
            print(f"<!-- {name}: normal results up to {s['lost']:.3e} became 0 -->")
        if s["notFinite"]:
            print(f"<!-- {name}: not finite where it should be: {s['notFinite']} -->")
    print(json.dumps(probes(), indent=1))


if __name__ == "__main__":
    main()
