"""Writes the whole-model fixtures with real Keras; run it again after a change and commit what it writes.

    python make_fixtures.py                    test/fixtures/{keras2,keras3,tfjs} and examples/quantized-digits
    python make_fixtures.py --large FOLDER     MobileNetV2 and ResNet50 pairs, outside the repository
"""

import os
import pathlib
import shutil
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import architectures  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tf_keras  # noqa: E402
from make_tfjs import write_tfjs  # noqa: E402
from seeded import generator, seed_weights  # noqa: E402
from undated import without_dates  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "test" / "fixtures"
LARGE = ["MobileNetV2", "ResNet50"]


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def clear():
    for package in (keras, tf_keras):
        package.backend.clear_session()


def build(make, package):
    """The model with its seeded weights, and names that do not depend on what was built before."""
    clear()
    return seed_weights(make(package), make.__name__)


def write_small():
    keras2, keras3, tfjs = fresh(FIXTURES / "keras2"), fresh(FIXTURES / "keras3"), fresh(FIXTURES / "tfjs")
    for make in architectures.ARCHITECTURES:
        name = make.__name__.replace("_", "-")
        old = build(make, tf_keras)
        old.save(keras2 / f"{name}.h5", save_format="h5")
        new = build(make, keras)
        new.set_weights(old.get_weights())  # the same numbers under both
        new.save(keras3 / f"{name}.h5")
        if make is not architectures.with_lambda:
            write_tfjs(keras2 / f"{name}.h5", tfjs / name)
    build(architectures.mlp, keras).save(keras3 / "mlp.keras")
    without_dates(keras3 / "mlp.keras")
    for dtype in ("uint8", "uint16", "float16"):
        write_tfjs(keras2 / "cnn-residual.h5", tfjs / f"cnn-residual-{dtype}", dtype)
    # Many shards that cut through tensors, and one group per layer.
    write_tfjs(keras2 / "cnn-residual.h5", tfjs / "cnn-residual-sharded", shard_bytes=1000, split_by_layer=True)


def write_example():
    """A few stray large weights widen a tensor's range, as they do in trained models; uint8 then rounds the rest away."""
    folder = fresh(ROOT / "examples" / "quantized-digits")
    model = build(architectures.digits, tf_keras)
    random = generator("digits", "outliers")
    values = model.get_weights()
    for value in values:
        if value.ndim > 1:
            value.ravel()[random.integers(0, value.size, 3)] *= 6.0
    model.set_weights(values)
    model.save(folder / "model.h5", save_format="h5")
    write_tfjs(folder / "model.h5", folder / "web", "uint8")


def write_large(folder):
    """keras.applications as published, without downloaded weights: seeded, with statistics that are not 0 and 1."""
    folder = pathlib.Path(folder)
    for name in LARGE:
        target = folder / name.lower()
        if (target / "web" / "model.json").exists():
            continue
        clear()
        model = getattr(tf_keras.applications, name)(weights=None)
        seed_weights(model, name)
        positive_scales(model)
        target.mkdir(parents=True, exist_ok=True)
        model.save(target / "model.h5", save_format="h5")
        write_tfjs(target / "model.h5", target / "web")
        print(target)


def positive_scales(model):
    """Keeps the signal alive through 50 layers: positive scales, small shifts, and the variances that the model itself
    produces on one seeded image (one pass, layer by layer, as training would have left them)."""
    import tensorflow as tf

    image = generator(model.name, "image").normal(0.0, 1.0, (1, *model.input_shape[1:])).astype(np.float32)
    norms = [layer for layer in model.layers if isinstance(layer, tf_keras.layers.BatchNormalization)]
    for layer in norms:
        gamma, beta, mean, variance = layer.get_weights()
        layer.set_weights([np.abs(gamma), beta * 0.3, mean, variance])
    values = {}
    for layer in model.layers:  # topological order
        sources = layer.inbound_nodes[0].parent_nodes
        inputs = [values[node.layer.name] for node in sources]
        if not inputs:
            values[layer.name] = tf.constant(image)
            continue
        if isinstance(layer, tf_keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            jitter = generator(model.name, layer.name)
            axes = tuple(range(len(inputs[0].shape) - 1))
            mean = np.mean(inputs[0].numpy(), axes) + 0.05 * mean
            variance = (np.var(inputs[0].numpy(), axes) + 1e-3) * jitter.uniform(0.8, 1.25, variance.shape)
            layer.set_weights([gamma, beta, mean, variance])
        values[layer.name] = layer(inputs[0] if len(inputs) == 1 else inputs, training=False)


if __name__ == "__main__":
    if "--large" in sys.argv:
        write_large(sys.argv[sys.argv.index("--large") + 1])
    else:
        write_small()
        write_example()
