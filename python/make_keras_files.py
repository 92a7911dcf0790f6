"""Writes test/fixtures/keras-files: `.keras`, `.weights.h5`, sharded weights and architectures, as versions of Keras save them.

    python make_keras_files.py                     Keras 3 and tf_keras of requirements.txt
    OLD_PYTHON make_keras_files.py --old FOLDER [MODE]    one file of whatever Keras that Python has, quantized in MODE; made
        with tensorflow-cpu 2.13.1 and 2.14.1 (their own Keras), keras 3.0.5 (with dm-tree and namex) and, in int4,
        keras 3.12.0 on TensorFlow 2.21.0

Beside `x.keras` stands `x.npz` with inputs and predictions; of small models, the weights too.
"""

import os
import pathlib
import shutil
import sys
import tempfile
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import h5py  # noqa: E402
import numpy as np  # noqa: E402
from seeded import generator, seed_weights  # noqa: E402
from undated import without_dates  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "keras-files"


def wrapped(keras):
    """What moves variables about: sharing, wrappers, cells, nested models, two layers of one class."""
    layers = keras.layers
    a, b = layers.Input((4, 3), name="a"), layers.Input((4, 3), name="b")
    shared = layers.Dense(4, activation="tanh", name="shared")
    x, y = shared(a), shared(b)
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="both")(x)
    mirror = layers.GRU(2, return_sequences=True, go_backwards=True, name="mirror", activation="relu")
    y = layers.Bidirectional(layers.GRU(2, return_sequences=True), backward_layer=mirror, name="unlike")(y)
    x = layers.TimeDistributed(layers.Dense(3, name="inside"), name="each")(x)
    i = layers.Input((4, 3), name="i")
    h = layers.BatchNormalization(name="scaled")(layers.SimpleRNN(3, return_sequences=True, name="steps")(i))
    inner = keras.Model(i, layers.Dense(3, name="inner_dense")(h), name="inner")
    x = inner(x)
    chain = keras.Sequential([
        layers.Input((4, 3), name="chain_in"),
        layers.Dense(3, activation="relu", name="first"),
        layers.Dropout(0.5, name="drop"),
        layers.Dense(2, name="second"),
    ], name="chain")  # fmt: skip
    x = layers.Flatten(name="flat_x")(chain(x))
    y = layers.GRU(3, name="end")(y)
    x = layers.Dense(3, name="before")(x)
    z = layers.Concatenate(name="joined")([x, y])
    return keras.Model([a, b], layers.Dense(2, activation="softmax", name="after")(z), name="wrapped")


def twice(keras):
    """One nested model called twice, and a whole model at every step of a sequence."""
    layers = keras.layers
    step = keras.Sequential([
        layers.Input((3,), name="step_in"),
        layers.Dense(3, name="lift"),
        layers.BatchNormalization(name="level"),
    ], name="step")  # fmt: skip
    x = layers.Input((4, 3), name="x")
    y = layers.TimeDistributed(step, name="each")(x)
    i = layers.Input((4, 3), name="i")
    inner = keras.Model(i, layers.Dense(3, activation="tanh", name="turn")(i), name="inner")
    y = layers.Dense(3, name="between")(inner(y))
    y = layers.Flatten(name="flat")(inner(y))
    return keras.Model(x, layers.Dense(2, name="out")(y), name="twice")


def small(keras, **options):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((5,), name="features"),
        layers.Dense(4, activation="relu", name="hidden", **options),
        layers.Dense(3, activation="softmax", name="classes", **options),
    ], name="small")  # fmt: skip


def inputs_of(model):
    return [made(generator(model.name, tensor.name), (3, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]


def made(random, shape, dtype):
    return random.integers(0, 7, shape).astype("int32") if "int" in str(dtype) else random.normal(size=shape).astype("float32")


def record(model, path):
    inputs = inputs_of(model)
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    arrays = {f"in/{i}": value for i, value in enumerate(inputs)}
    arrays["out/0"] = np.asarray(outputs).astype("float32")
    if model.name == "small":
        for i, value in enumerate(model.get_weights()):
            if np.issubdtype(np.asarray(value).dtype, np.integer):
                continue
            arrays[f"w/{i}"] = np.asarray(value).astype("float32")
    np.savez_compressed(path, **arrays)


def write(model, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(str(path))
    record(model, path.with_suffix(".npz"))
    without_dates(path)


def train(keras, model):
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="categorical_crossentropy", metrics=["accuracy"])
    inputs = inputs_of(model)
    target = np.eye(3, dtype="float32")
    for _ in range(2):
        model.train_on_batch(inputs[0], target)
    return model


def with_backslashes(source, target):
    """As early versions wrote on Windows: os.path.join gave one group called "layers\\dense"."""
    with zipfile.ZipFile(source) as archive, tempfile.TemporaryDirectory() as folder:
        archive.extract("model.weights.h5", folder)
        made = os.path.join(folder, "windows.h5")
        with h5py.File(os.path.join(folder, "model.weights.h5")) as old, h5py.File(made, "w") as new:
            def copy(name, item):
                if isinstance(item, h5py.Dataset):
                    group, _, number = name.rpartition("/vars/")
                    new.require_group(group.replace("/", "\\")).require_group("vars")[number] = item[()]
            old.visititems(copy)
        with zipfile.ZipFile(target, "w") as copied:
            for info in archive.infolist():
                data = pathlib.Path(made).read_bytes() if info.filename == "model.weights.h5" else archive.read(info)
                copied.writestr(zipfile.ZipInfo(info.filename, (2026, 1, 1, 0, 0, 0)), data)


def write_keras3():
    import keras

    folder = FIXTURES / "keras3"
    for make in (wrapped, twice):
        write(seed_weights(make(keras), make.__name__), folder / f"{make.__name__}.keras")
    shutil.copy(folder / "wrapped.npz", folder / "windows.npz")
    with_backslashes(folder / "wrapped.keras", folder / "windows.keras")
    write(train(keras, seed_weights(small(keras), "trained")), folder / "trained.keras")
    for dtype in ("float16", "bfloat16", "mixed_float16"):
        write(seed_weights(small(keras, dtype=dtype), dtype), folder / f"{dtype}.keras")
    # A .keras holds an adapter added to its weight, an .h5 beside it.
    whole = adapted(seed_weights(small(keras), "lora"))
    write(whole, folder / "lora.keras")
    whole.save(str(folder / "lora.h5"))
    for is_frozen in (False, True):
        within = with_adapters_within(keras, is_frozen)
        path = folder / ("lora-frozen.h5" if is_frozen else "lora-within.h5")
        within.save(str(path))
        record(within, path.with_suffix(".npz"))
    both = adapted(quantized(small(keras), "int8"))
    both.save(str(folder / "lora-int8.h5"))
    both.save(str(folder / "lora-int8.keras"))
    # What is added up is quantized anew: only what was saved can be recorded.
    record(keras.models.load_model(folder / "lora-int8.keras"), folder / "lora-int8.npz")
    without_dates(folder / "lora-int8.keras")
    for mode in ("int8", "int4", "float8"):
        write(quantized(small(keras), mode), folder / f"{mode}.keras")
    for mode in ("int8", "int4"):
        write(quantized(of_words(keras), mode), folder / f"words-{mode}.keras")
        quantized(of_words(keras), mode).save(str(folder / f"words-{mode}.h5"))
    lookup = keras.layers.StringLookup(name="words")
    lookup.adapt(np.array(["b", "a", "b"]))
    words = keras.Sequential([keras.layers.Input((2,), dtype="string", name="text"), lookup], name="lookup")
    words.save(str(folder / "lookup.keras"))
    without_dates(folder / "lookup.keras")

    @keras.saving.register_keras_serializable(package="own")
    class Dense(keras.layers.Dense):
        pass

    custom = keras.Sequential([keras.layers.Input((2,), name="x"), Dense(2, name="custom")], name="custom")
    custom.save(str(folder / "custom.keras"))
    without_dates(folder / "custom.keras")
    model = seed_weights(wrapped(keras), "wrapped")
    model.save_weights(str(folder / "wrapped.weights.h5"))
    trained = keras.models.load_model(folder / "trained.keras")
    trained.save_weights(str(folder / "trained.weights.json"), max_shard_size=2e-7)
    (folder / "wrapped.json").write_text(model.to_json() + "\n")


def write_keras2():
    import tf_keras

    folder = FIXTURES / "keras2"
    model = seed_weights(wrapped(tf_keras), "wrapped")
    write(model, folder / "wrapped.keras")
    write(seed_weights(twice(tf_keras), "twice"), folder / "twice.keras")
    write(train(tf_keras, seed_weights(small(tf_keras), "trained")), folder / "trained.keras")
    write(seed_weights(small(tf_keras, dtype="mixed_float16"), "mixed_float16"), folder / "mixed_float16.keras")
    model.save_weights(str(folder / "wrapped.h5"))
    (folder / "wrapped.json").write_text(model.to_json() + "\n")


def of_words(keras):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((4,), dtype="int32", name="ids"),
        layers.Embedding(7, 5, name="looked_up"),
        layers.GlobalAveragePooling1D(name="mean"),
        layers.Dense(3, name="out"),
    ], name="words")  # fmt: skip


def quantized(model, mode):
    seed_weights(model, mode)
    model.quantize(mode)
    return model


def adapted(model):
    hidden = model.get_layer("hidden")
    hidden.enable_lora(2, lora_alpha=3)
    hidden.lora_kernel_a.assign(generator("lora", "a").normal(size=(5, 2)).astype("float32"))
    hidden.lora_kernel_b.assign(np.full((2, 4), 0.25, "float32"))
    return model


def with_adapters_within(keras, is_frozen):
    """In nested models, in layers of the same name, and in a wrapped one."""
    layers = keras.layers

    def part(name):
        inner = keras.Sequential([layers.Input((4, 5)), layers.Dense(5, name="same")], name=name)
        return inner, inner.layers[0]

    (one, first), (two, second) = part("one"), part("two")
    wrapped = layers.Dense(3, name="wrapped")
    x = layers.Input((4, 5), name="x")
    y = keras.Sequential([layers.Input((4, 5)), one, two], name="both")(x)
    model = keras.Model(x, layers.TimeDistributed(wrapped, name="each")(y), name="within")
    seed_weights(model, "lora-within")
    for layer, alpha in ((first, None), (second, 3), (wrapped, 5)):
        layer.enable_lora(2, lora_alpha=alpha)
        b = layer.lora_kernel_b
        b.assign(generator("lora", layer.path).normal(size=b.shape).astype("float32"))
    model.get_layer("both").trainable = not is_frozen
    return model


def write_old(name, mode=None):
    import keras

    if not hasattr(keras, "layers") or keras.__version__.startswith("2."):
        from tensorflow import keras
    if mode is not None:
        write(quantized(small(keras), mode), FIXTURES / name / f"{mode}.keras")
        return
    write(seed_weights(wrapped(keras), "wrapped"), FIXTURES / name / "wrapped.keras")


if __name__ == "__main__":
    if "--old" in sys.argv:
        write_old(*sys.argv[sys.argv.index("--old") + 1 :])
    else:
        for folder in ("keras2", "keras3"):
            shutil.rmtree(FIXTURES / folder, ignore_errors=True)
            (FIXTURES / folder).mkdir(parents=True)
        write_keras3()
        write_keras2()
