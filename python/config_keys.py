"""Writes src/layers/keras-keys.ts: which config keys each layer class of Keras 3.15.1 and tf_keras 2.21 accepts back.

    python python/config_keys.py > src/layers/keras-keys.ts

A reader of Keras refuses a key that it does not know, so that a writer must know each reader's keys. They are those of
`get_config()` of a small instance, which `from_config` takes.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras  # noqa: E402
import tf_keras  # noqa: E402

ARGUMENTS = {
    "Dense": {"units": 1}, "Dropout": {"rate": 0.1}, "SpatialDropout1D": {"rate": 0.1}, "SpatialDropout2D": {"rate": 0.1},
    "SpatialDropout3D": {"rate": 0.1}, "GaussianDropout": {"rate": 0.1}, "GaussianNoise": {"stddev": 0.1},
    "AlphaDropout": {"rate": 0.1}, "Reshape": {"target_shape": (1,)}, "Permute": {"dims": (1,)},
    "RepeatVector": {"n": 1}, "Dot": {"axes": 1}, "Rescaling": {"scale": 1.0}, "Activation": {"activation": "relu"},
    "Embedding": {"input_dim": 2, "output_dim": 1}, "GRU": {"units": 1}, "LSTM": {"units": 1}, "SimpleRNN": {"units": 1},
    "Conv1D": {"filters": 1, "kernel_size": 1}, "Conv2D": {"filters": 1, "kernel_size": 1},
    "DepthwiseConv2D": {"kernel_size": 1}, "SeparableConv2D": {"filters": 1, "kernel_size": 1},
    "Conv2DTranspose": {"filters": 1, "kernel_size": 1}, "InputLayer": {"input_shape": (1,)}, **{f"{kind}Pooling{n}D": {"pool_size": 2} for kind in ("Max", "Average") for n in (1, 2)},
}
NAMES = """Dense InputLayer Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianDropout GaussianNoise AlphaDropout
ActivityRegularization Flatten Reshape Permute RepeatVector Add Subtract Multiply Average Maximum Minimum Concatenate Dot
ZeroPadding1D ZeroPadding2D Cropping1D Cropping2D UpSampling1D UpSampling2D ReLU LeakyReLU ELU PReLU Softmax Rescaling
UnitNormalization BatchNormalization Bidirectional Embedding GRU LayerNormalization LSTM Masking SimpleRNN TimeDistributed
Activation Conv1D Conv2D DepthwiseConv2D SeparableConv2D Conv2DTranspose MaxPooling1D AveragePooling1D MaxPooling2D
AveragePooling2D GlobalMaxPooling1D GlobalAveragePooling1D GlobalMaxPooling2D GlobalAveragePooling2D Normalization Identity""".split()


def keys(module, name):
    arguments = dict(ARGUMENTS.get(name, {}))
    if name in ("Bidirectional", "TimeDistributed"):
        arguments = {"layer": module.layers.LSTM(1) if name == "Bidirectional" else module.layers.Dense(1)}
    if name == "InputLayer" and module is keras:
        arguments = {"batch_shape": (None, 1)}
    found = set(getattr(module.layers, name)(**arguments).get_config())
    # Keras 3 has no time_major, and groups of a depthwise convolution do nothing.
    return sorted(found - {"time_major", "module"})


def main():
    table = {name: {"keras2": keys(tf_keras, name), "keras3": keys(keras, name)} for name in NAMES}
    out = sys.stdout
    out.write("/**\n * @file The config keys that each class of Keras accepts: a reader refuses one that it does not know.\n")
    out.write(f" * Made by python/config_keys.py with Keras {keras.__version__} and tf_keras {tf_keras.__version__}.\n */\n\n")
    out.write("export const KERAS_KEYS: Readonly<\n  Record<string, Readonly<Record<\"keras2\" | \"keras3\", string>>>\n> = {\n")
    for name, dialects in table.items():
        out.write(f"  {name}: {{\n")
        for dialect, found in dialects.items():
            out.write(f"    {dialect}: {json.dumps(' '.join(found))},\n")
        out.write("  },\n")
    out.write("};\n")


main()
