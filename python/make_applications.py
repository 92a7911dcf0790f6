"""Writes small-image models of keras.applications with seeded weights, an input, and what real Keras predicts.

    python make_applications.py FOLDER [--family NAME ...] [--format keras|h5|tf_keras ...] [--list]
    python make_applications.py FOLDER --model NAME:FORMAT ...

FOLDER/<family>/<format>/ gets the model (`model.keras`, or `model.h5` of Keras 3 or of tf_keras), `in.npy`, `out.npy`
(of the eager call) and, last, `made.json`: what made them. What is there already, made by this very script and the same versions, is kept.
Nothing is downloaded: the weights are drawn (seeded.py), and each BatchNormalization's statistics are those that the
model itself produces on seeded images, as training would have left them.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # one order of summation on every machine
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np  # noqa: E402
from seeded import generator, seed_weights  # noqa: E402

# The smallest image that each family takes, and the range of its pixels (some bring their own rescaling).
FAMILIES = {
    "MobileNet": (64, 1.0),
    "MobileNetV2": (64, 1.0),
    "EfficientNetB0": (64, 255.0),
    "EfficientNetV2B0": (64, 255.0),
    "ResNet50": (64, 1.0),
    "ResNet50V2": (64, 1.0),
    "DenseNet121": (64, 1.0),
    "InceptionV3": (96, 1.0),
    "Xception": (96, 1.0),
    "NASNetMobile": (96, 1.0),
    "VGG16": (64, 1.0),
    "MobileNetV3Small": (64, 255.0),
    "ConvNeXtTiny": (64, 255.0),
}
FORMATS = {"keras": "model.keras", "h5": "model.h5", "tf_keras": "model.h5"}
CLASSES = 10
# Over fewer, the variance of a channel of 1 x 1 pixels is now and then next to nothing, and the model is all rounding.
IMAGES = 16


def build(package, name):
    size, pixels = FAMILIES[name]
    package.backend.clear_session()
    model = getattr(package.applications, name)(weights=None, input_shape=(size, size, 3), classes=CLASSES)
    seed_weights(model, name)
    image = (generator(name, "image").random((IMAGES, size, size, 3)) * pixels).astype(np.float32)
    output = keep_alive(package, model, image)
    if not (np.isfinite(output).all() and np.abs(output[0] - output[1]).max() > 1e-4):
        raise SystemExit(f"{name}: the input does not reach the output: {output}")
    return model, image[:1]


def keep_alive(package, model, image):
    """Fits the scales to the signal in one pass, so that it neither dies nor explodes on the way to the last layer."""
    watched = []
    for layer in model.layers:
        values = layer.get_weights()
        if isinstance(layer, package.layers.BatchNormalization):
            watched.append(layer)
            watch(layer, generator(model.name, layer.name))
            if layer.scale:
                values[0] = np.abs(values[0])
        elif type(layer).__name__ == "Normalization":  # mean and variance of pixels, as EfficientNet ships them
            values[:2] = [np.full_like(v, number) for v, number in zip(values, (0.5, 0.08))]
        elif type(layer).__name__ == "LayerScale":
            values = [np.abs(v) * 0.1 for v in values]
        elif values and not watched:  # a ReLU lets half of the variance through
            values = [v * np.float32(np.sqrt(2.0)) if v.ndim > 1 else v * np.float32(0.1) for v in values]
        layer.set_weights(values)
        if hasattr(layer, "finalize_state"):  # what Normalization computes with is set as it is read from a file
            layer.finalize_state()
    output = model(image, training=False)
    for layer in watched:
        del vars(layer)["call"]
    return np.asarray(output)


def watch(layer, random):
    """Before its next call, the layer takes over the statistics of what comes in, shaken a little."""
    original = layer.call

    def call(inputs, *args, **kwargs):
        array = np.asarray(inputs, dtype=np.float64)
        axes = tuple(range(array.ndim - 1))
        mean, variance = array.mean(axes), array.var(axes)
        mean = mean + 0.05 * np.sqrt(variance) * random.normal(0.0, 1.0, mean.shape)
        variance = (variance + 1e-3) * random.uniform(0.8, 1.25, variance.shape)
        values = layer.get_weights()
        layer.set_weights([*values[:-2], mean.astype(np.float32), variance.astype(np.float32)])
        return original(inputs, *args, **kwargs)

    object.__setattr__(layer, "call", call)


def make(folder, name, form):
    target = folder / name.lower() / form
    made = made_by(form)
    if (target / "made.json").exists() and json.loads((target / "made.json").read_text()) == made:
        return "there"
    package = __import__("tf_keras" if form == "tf_keras" else "keras")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    model, image = build(package, name)
    output = np.asarray(model(image, training=False))
    model.save(target / FORMATS[form])
    np.save(target / "in.npy", image)
    np.save(target / "out.npy", output)
    (target / "made.json").write_text(json.dumps(made))
    return f"{output.max():.3f}"


def made_by(form):
    package = __import__("tf_keras" if form == "tf_keras" else "keras")
    script = hashlib.sha256()
    for name in ("make_applications.py", "seeded.py"):
        script.update((pathlib.Path(__file__).parent / name).read_bytes())
    return {"package": package.__name__, "version": package.__version__, "script": script.hexdigest()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    parser.add_argument("--family", action="append", choices=FAMILIES)
    parser.add_argument("--format", action="append", choices=FORMATS)
    parser.add_argument("--model", action="append", type=lambda pair: tuple(pair.split(":")))
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list or options.folder is None:
        print(json.dumps({"families": list(FAMILIES), "formats": FORMATS}))
        return
    product = [(name, form) for name in options.family or FAMILIES for form in options.format or FORMATS]
    for name, form in options.model or product:
        print(name, form, make(options.folder, name, form), flush=True)


if __name__ == "__main__":
    main()
