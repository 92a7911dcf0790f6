"""The `keras` engine's other half: runs a user's model in his own real Keras and reports what every layer did.

Spoken to over stdin/stdout by `src/engines/keras.node.ts`. A frame is a uint32 (little-endian) header length, a
UTF-8 JSON header, and the bytes of the tensors that the header's `tensors` describes, in order. `cells` of a call says
how many of them, after the call's outputs, belong to each step.

    load {path, trust, memoryMiB}  -> loaded {framework, kerasVersion, backend, backendVersion, hardware, note, inputs, outputs}
    predict {tensors}              -> predicted {tensors}
    trace {tensors}                -> call {path, className, inputHashes, outputHashes, tensors, cells} ..., traced {tensors}
    close                          -> the process ends
    anything                       -> error {code, message, detail}

Numbers travel little-endian in their own width, a string as uint32 length + UTF-8.

`predict` is `model.predict`: what users call, a compiled graph. The trace is `model(x, training=False)`, eager, with
`Layer.__call__` watched; nothing that Keras computes is replaced, so that it equals the plain eager call bit for bit.
A recurrent layer's steps are seen where Keras's `backend.rnn` calls its step function: on TensorFlow, torch and numpy
those are the steps that made the result. JAX compiles the loop, or runs a fused one (`backend.gru`; cuDNN on GPUs);
there the cell is run once more, step by step, from the layer's own inputs.

GPUs are hidden unless VERNIER_KERAS_GPU=1, because the arithmetic that the engine states is that of CPUs.
VERNIER_KERAS=tf_keras asks for Keras 2; it also runs, when installed, what Keras 3 refuses. Works with Python >= 3.9.

One file, however long: the package ships it as it is, and a user's Python runs it without installing anything of ours.
"""

import contextlib
import hashlib
import importlib
import json
import os
import platform
import queue
import re
import struct
import sys
import tempfile
import threading
import traceback
import zipfile

# Standard output belongs to the protocol. Everything that Python or C code prints goes to standard error.
OUT = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
IN = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
os.dup2(2, 1)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
sys.stdout = sys.stderr

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")
if os.environ.get("VERNIER_KERAS_GPU") != "1":
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np  # noqa: E402

MAX_HEADER_BYTES = 1 << 24
MAX_CONFIG_BYTES = 1 << 28
MAX_WORDS = 400


class EngineError(Exception):
    def __init__(self, code, message, detail=""):
        super().__init__(message)
        self.code, self.detail = code, detail


# ---------------------------------------------------------------------------------------------- frames


def describe(array):
    """(description, bytes) of one array as it travels."""
    dtype = str(array.dtype)
    if array.dtype.kind in "OSU":
        dtype = "string"
        words = [w if isinstance(w, bytes) else str(w).encode() for w in array.ravel()]
        data = b"".join(struct.pack("<I", len(w)) + w for w in words)
    else:
        data = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return {"shape": list(array.shape), "dtype": dtype, "bytes": len(data)}, data


def send(header, arrays=()):
    described = [describe(a) for a in arrays]
    body = json.dumps({**header, "tensors": [d for d, _ in described]}, allow_nan=False).encode()
    OUT.write(struct.pack("<I", len(body)) + body)
    for _, data in described:
        OUT.write(data)
    OUT.flush()


def decode(description, data):
    shape, dtype = description["shape"], description["dtype"]
    if dtype == "string":
        words, at = [], 0
        while at < len(data):
            (length,) = struct.unpack_from("<I", data, at)
            words.append(data[at + 4 : at + 4 + length].decode())
            at += 4 + length
        return np.array(words, dtype=object).reshape(shape)
    if dtype == "bfloat16":
        return np.frombuffer(data, importlib.import_module("ml_dtypes").bfloat16).reshape(shape)
    return np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).reshape(shape)


def read_frame():
    size = IN.read(4)
    if len(size) < 4:
        return None
    (length,) = struct.unpack("<I", size)
    if length > MAX_HEADER_BYTES:
        raise EngineError("protocol", f"a header of {length} bytes")
    header = json.loads(IN.read(length))
    return header, [decode(d, IN.read(d["bytes"])) for d in header.get("tensors", [])]


def requests():
    """Frames from a thread of their own: when the other side goes away, even a busy process ends at once."""
    frames = queue.Queue(1)

    def pump():
        while True:
            try:
                frame = read_frame()
            except Exception as error:  # noqa: BLE001  a broken frame cannot be resynchronised
                print(f"vernier_keras: {error}", file=sys.stderr)
                frame = None
            if frame is None:
                os._exit(0)
            frames.put(frame)

    threading.Thread(target=pump, daemon=True).start()
    while True:
        yield frames.get()


def limit_memory(mebibytes):
    """Ends this process when its peak resident memory passes the limit (RLIMIT_AS would count mapped, unused memory)."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024

    def watch():
        while resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit <= mebibytes << 20:
            threading.Event().wait(0.1)
        print(f"vernier_keras: more than {mebibytes} MiB of memory used", file=sys.stderr, flush=True)
        os._exit(137)

    threading.Thread(target=watch, daemon=True).start()


# ------------------------------------------------------------------------------------ code inside files

# Layers that run what a file carries or points to: marshalled Python, a pickle, a saved graph, any TensorFlow operation.
CODE_LAYERS = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "FlaxLayer", "JaxLayer", "TensorFlowOpLayer",
               "ClassMethod", "InstanceMethod", "InstanceProperty"}  # fmt: skip
# TFOpLambda names any TensorFlow function, `io.write_file` among them; these only compute.
SAFE_TF_PREFIXES = ("math.", "nn.", "linalg.", "signal.", "__operators__.", "image.resize", "compat.v1.nn.", "keras.activations.")
SAFE_TF_NAMES = {
    "cast", "reshape", "concat", "stack", "unstack", "split", "squeeze", "expand_dims", "transpose", "tile", "pad", "where",
    "gather", "gather_nd", "zeros_like", "ones_like", "clip_by_value", "one_hot", "identity", "slice", "strided_slice",
    "broadcast_to", "reverse", "shape", "size", "rank", "convert_to_tensor", "fill", "range", "stop_gradient", "ones", "zeros",
    "compat.v1.shape", "compat.v1.transpose", "compat.v1.squeeze", "compat.v1.gather",
}  # fmt: skip
SAFE_MODULES = ("keras", "tf_keras", "builtins", "tensorflow")


def code_in(config):
    """What in this model configuration would make Keras run code that the file carries or names; one phrase each."""
    found, todo = [], [config]
    while todo:
        item = todo.pop()
        if isinstance(item, list):
            todo.extend(item)
            continue
        if not isinstance(item, dict):
            continue
        todo.extend(item.values())
        kind, inner = item.get("class_name"), item.get("config")
        name = inner.get("name", "?") if isinstance(inner, dict) else "?"
        module = item.get("module")
        if isinstance(kind, str) and kind.split(">")[-1] in CODE_LAYERS:
            found.append(f'{kind} layer "{name}"')
        elif kind == "__lambda__":
            found.append("a marshalled Python function")
        elif kind == "TFOpLambda":
            function = str(inner.get("function", "")) if isinstance(inner, dict) else ""
            if not function.startswith(SAFE_TF_PREFIXES) and function not in SAFE_TF_NAMES:
                found.append(f'TFOpLambda layer "{name}" (tf.{function})')
        elif isinstance(module, str) and isinstance(kind, str) and module.split(".")[0] not in SAFE_MODULES:
            found.append(f'{kind} from the Python module "{module}"')
    return sorted(set(found))


def attribute(group, name):
    value = group.attrs.get(name)
    return value.decode() if isinstance(value, bytes) else value


def foreign_data(file):
    """A dataset that HDF5 would take from another file, or None."""
    import h5py

    todo = [file]
    while todo:
        group = todo.pop()
        for name in group:
            link = group.get(name, getlink=True)
            place = f"{group.name.rstrip('/')}/{name}"
            if isinstance(link, h5py.ExternalLink):
                return place
            if isinstance(link, h5py.SoftLink):
                continue
            item = group[name]
            if isinstance(item, h5py.Group):
                todo.append(item)
            elif item.external or item.is_virtual:
                return place
    return None


def read_config(path):
    """(format, model configuration) without running anything; raises EngineError."""
    try:
        with open(path, "rb") as file:
            hdf5 = file.read(8) == b"\x89HDF\r\n\x1a\n"
    except OSError as error:
        raise EngineError("unreadable", error.strerror or str(error)) from error
    if not hdf5 and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if "config.json" not in archive.namelist():
                raise EngineError("refused", "the archive has no config.json")
            if archive.getinfo("config.json").file_size > MAX_CONFIG_BYTES:
                raise EngineError("refused", "its config.json is larger than any real model's")
            return "keras", json.loads(archive.read("config.json"))
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise EngineError("refused", f"neither HDF5 nor a zip archive ({error})") from error
    with file:
        foreign = foreign_data(file)
        if foreign is not None:
            raise EngineError("refused", f"{foreign} takes its data from another file")
        config = attribute(file, "model_config")
        if config is None:
            raise EngineError("refused", "the file holds weights but no model: save the whole model (model.save)")
        return "h5", json.loads(config)


# ----------------------------------------------------------------------------------------------- Keras


# TensorFlow puts the whole stack of the graph's making before what is wrong.
GRAPH_STACK = re.compile(r'^\s*(File ".*", line \d+, in .*|Graph execution error:|Detected at node .* defined at .*)$', re.M)


def words_of(error):
    """Keras's own words, without the dump of the whole configuration that it likes to append."""
    text = str(error).split("Full object config")[0].split("The full traceback")[0]
    text = " ".join(GRAPH_STACK.sub("", text).split())
    return text if len(text) <= MAX_WORDS else text[: MAX_WORDS - 1] + "…"


class Framework:
    """The two Keras packages behind one face."""

    def __init__(self, name):
        self.name = name
        self.keras = keras = importlib.import_module(name)
        self.version = keras.__version__
        self.is3 = not self.version.startswith(("0.", "1.", "2."))
        if self.is3:
            self.backend = keras.config.backend()
            self.rnn_home = importlib.import_module("keras.src.backend")
            self.operation = importlib.import_module("keras.src.ops.operation").Operation
            self.flatten = keras.tree.flatten
        else:
            tf = importlib.import_module("tensorflow")
            tf.get_logger().setLevel("ERROR")
            self.backend = "tensorflow"
            for home in (f"{name}.src.backend", f"{name}.backend"):
                with contextlib.suppress(ImportError):
                    self.rnn_home = importlib.import_module(home)
                    break
            self.operation = None
            self.flatten = tf.nest.flatten
        if self.backend == "torch":
            importlib.import_module("torch").set_grad_enabled(False)

    @property
    def backend_version(self):
        module = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}.get(self.backend, "numpy")
        return importlib.import_module(module).__version__

    @property
    def layer_class(self):
        return self.keras.layers.Layer

    def numpy(self, tensor):
        if isinstance(tensor, np.ndarray):
            return tensor
        return self.keras.ops.convert_to_numpy(tensor) if self.is3 else tensor.numpy()

    def tensor(self, array):
        if self.backend == "tensorflow":
            return importlib.import_module("tensorflow").constant(array)
        return self.keras.ops.convert_to_tensor(array)

    def is_concrete(self, tensor):
        if self.backend == "jax":
            return not isinstance(tensor, importlib.import_module("jax").core.Tracer)
        return isinstance(tensor, np.ndarray) or hasattr(tensor, "numpy")

    def is_tensor(self, value):
        return isinstance(value, np.ndarray) or (hasattr(value, "shape") and hasattr(value, "dtype"))

    def load(self, path, kind, trust):
        load, options = self.keras.models.load_model, {"compile": False}
        if self.is3 or kind == "keras":
            options["safe_mode"] = not trust
        ending = ".keras" if kind == "keras" else ".h5"
        if path.endswith(ending) or (kind == "h5" and path.endswith(".hdf5")):
            return load(path, **options)
        with tempfile.TemporaryDirectory() as folder:  # Keras goes by the name, we by the content
            link = os.path.join(folder, "model" + ending)
            os.symlink(os.path.abspath(path), link)
            return load(link, **options)


def hardware():
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as lines:
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} threads"


def load(path, trust):
    """(framework, model, note). Keras 3 first, tf_keras when asked for or when Keras 3 refuses."""
    kind, config = read_config(path)
    code = code_in(config)
    if code and not trust:
        raise EngineError("untrusted", ", ".join(code[:5]) + (", …" if len(code) > 5 else ""))
    names = ["tf_keras"] if os.environ.get("VERNIER_KERAS") == "tf_keras" else ["keras", "tf_keras"]
    refusals, missing, detail = [], [], ""
    for name in names:
        if name == "tf_keras" and names[0] == "keras" and not refusals:
            break
        try:
            framework = Framework(name)
        except ImportError as error:
            missing.append(f"{name}: {words_of(error)}")
            continue
        try:
            model = framework.load(path, kind, trust)
        except Exception as error:  # noqa: BLE001  whatever Keras throws is its refusal
            refusals.append(f"{name} {framework.version}: {words_of(error)}")
            detail += traceback.format_exc()
            continue
        misread = misread_input(config, model)
        if misread and name == "keras":
            refusals.append(f"{name} {framework.version}: {misread}")
            continue
        if getattr(model, "inputs", None) is None or not model.inputs:
            raise EngineError("refused", "the model has no input shape, so that it cannot be run before it is built")
        return framework, model, "; ".join(f"refused by {r}" for r in refusals) or None
    if refusals:
        raise EngineError("refused", "; ".join(refusals), detail)
    raise EngineError("unavailable", "; ".join(missing))


def misread_input(config, model):
    """Keras 3 takes some Keras 2 files' `batch_input_shape`, the batch included, for a shape without it."""
    layers = config.get("config") if isinstance(config, dict) and config.get("class_name") == "Sequential" else None
    layers = layers.get("layers") if isinstance(layers, dict) else layers
    first = layers[0].get("config", {}) if layers and isinstance(layers[0], dict) else {}
    declared = first.get("batch_input_shape")
    inputs = getattr(model, "inputs", None)
    if not declared or not inputs or len(declared) == len(inputs[0].shape):
        return None
    return f"it reads the input shape {declared} as {list(inputs[0].shape)}"


def tensor_info(tensors, names):
    def dtype(t):
        return t.dtype if isinstance(t.dtype, str) else t.dtype.name

    return [{"name": n, "shape": [None if d is None else int(d) for d in t.shape], "dtype": dtype(t)}
            for t, n in zip(tensors, names)]  # fmt: skip


class Session:
    def __init__(self, framework, model):
        self.framework, self.model = framework, model
        self.layers = list(model._flatten_layers())

    def info(self):
        model, framework = self.model, self.framework
        if framework.is3:
            input_names = [t.name for t in model.inputs]
        else:
            input_names = getattr(model, "input_names", None) or [t.name.split(":")[0] for t in model.inputs]
        output_names = getattr(model, "output_names", None) or [t.name for t in model.outputs]
        return {"framework": framework.name, "kerasVersion": framework.version, "backend": framework.backend,
                "backendVersion": framework.backend_version, "python": platform.python_version(), "hardware": hardware(),
                "inputs": tensor_info(model.inputs, input_names),
                "outputs": tensor_info(model.outputs, output_names)}  # fmt: skip

    def feed(self, arrays):
        """In the structure that the model's constructor was given: a dict of inputs wants a dict."""
        if len(arrays) != len(self.model.inputs):
            raise EngineError("input", f"the model takes {len(self.model.inputs)} tensors, {len(arrays)} given")
        for info, array in zip(self.info()["inputs"], arrays):
            shape = info["shape"]
            if len(shape) != array.ndim or any(d is not None and d != n for d, n in zip(shape, array.shape)):
                raise EngineError("input", f'"{info["name"]}" takes {shape}, the tensor given has {list(array.shape)}')
        for layer in self.layers:
            if getattr(layer, "stateful", False) and layer is not self.model:
                reset = getattr(layer, "reset_state", None) or getattr(layer, "reset_states", None)
                if reset is not None:
                    reset()
        struct_ = getattr(self.model, "_inputs_struct" if self.framework.is3 else "_nested_inputs", None)
        if isinstance(struct_, dict):
            return dict(zip(sorted(struct_), arrays))
        return arrays[0] if len(arrays) == 1 else list(arrays)

    def predict(self, arrays):
        fixed = self.model.inputs[0].shape[0]
        outputs = self.model.predict(self.feed(arrays), batch_size=fixed, verbose=0)
        return [np.asarray(o) for o in self.framework.flatten(outputs)]

    def plain_eager(self, arrays):
        """The eager call unwatched; the trace must equal it bit for bit (tests compare them)."""
        outputs = self.model(self.feed([self.framework.tensor(a) for a in arrays]), training=False)
        return [self.framework.numpy(o) for o in self.framework.flatten(outputs)]

    def trace(self, arrays):
        with Watch(self.framework, self.model):
            return self.plain_eager(arrays)


# ----------------------------------------------------------------------------------------------- trace


def hash_of(array):
    description, data = describe(array)
    digest = hashlib.blake2b(f"{description['dtype']}{description['shape']}".encode(), digest_size=8)
    digest.update(data)
    return digest.hexdigest()


class Record:
    def __init__(self, layer):
        self.layer, self.cells = layer, []


class Watch:
    """While entered, every layer call of the model is sent as a `call` frame as soon as it has finished.

    Listed are the calls whose callers are all models (nested models give "outer/inner" paths); what a wrapper or a
    recurrent layer calls inside itself belongs to it.
    """

    def __init__(self, framework, model):
        self.framework, self.model = framework, model
        self.stack = []  # of layers
        self.records = []  # the record under way for each listed call; at most one
        self.undo = []

    def __enter__(self):
        keras = self.framework.keras
        self.containers = keras.Model
        self.patch(self.framework.layer_class, "__call__", self.watched)
        if self.framework.operation is not None:
            operation, layer = self.framework.operation, self.framework.layer_class
            original = operation.__call__

            def call_operation(this, *args, **kwargs):
                if isinstance(this, layer):
                    return original(this, *args, **kwargs)  # Layer.__call__ has seen it already
                return self.run(original, this, args, kwargs)

            self.patch(operation, "__call__", lambda _: call_operation)
        self.patch(self.framework.rnn_home, "rnn", self.watched_rnn)
        if self.framework.is3:
            self.patch(self.framework.rnn_home, "gru", lambda original: self.watched_fused(original, 1))
            self.patch(self.framework.rnn_home, "lstm", lambda original: self.watched_fused(original, 2))
        return self

    def __exit__(self, *_):
        for target, name, original in reversed(self.undo):
            setattr(target, name, original)

    def patch(self, target, name, replacement):
        original = getattr(target, name)
        self.undo.append((target, name, original))
        setattr(target, name, replacement(original))

    def watched(self, original):
        def call(this, *args, **kwargs):
            return self.run(original, this, args, kwargs)

        return call

    def run(self, original, layer, args, kwargs):
        container = isinstance(layer, self.containers)
        listed = not container and not self.records and all(isinstance(l, self.containers) for l in self.stack)
        if not listed:
            self.stack.append(layer)
            try:
                return original(layer, *args, **kwargs)
            finally:
                self.stack.pop()
        path = "/".join([*(l.name for l in self.stack[1:]), layer.name])
        given = {k: v for k, v in kwargs.items() if "mask" not in k and k != "training"}
        inputs = [hash_of(a) for a in self.arrays([list(args), given])]
        record = Record(layer)
        self.records.append(record)
        self.stack.append(layer)
        try:
            outputs = original(layer, *args, **kwargs)
        finally:
            self.stack.pop()
            self.records.pop()
        self.send(path, record, inputs, self.arrays(outputs))
        return outputs

    def arrays(self, structure):
        """Every tensor in a call's arguments or results."""
        leaves = [v for v in self.framework.flatten(structure) if self.framework.is_tensor(v)]
        return [self.framework.numpy(v) for v in leaves]

    def send(self, path, record, inputs, outputs):
        cells, tensors = [], list(outputs)
        for direction, *groups in record.cells:
            keys = ("inputs", "states", "outputs", "newStates")
            cells.append({"direction": direction, **{key: len(group) for key, group in zip(keys, groups)}})
            tensors.extend(self.framework.numpy(t) for group in groups for t in group)
        layer = record.layer
        known = isinstance(layer, self.framework.layer_class)
        name = type(layer).__name__ if known else f"{type(layer).__module__}.{type(layer).__name__}"
        header = {"type": "call", "path": path, "className": name, "inputHashes": inputs,
                  "outputHashes": [hash_of(o) for o in outputs], "cells": cells}  # fmt: skip
        send(header, tensors)

    def direction(self):
        if not self.records:
            return ""
        owner = self.records[-1].layer
        for layer in self.stack:
            if layer is getattr(owner, "forward_layer", None):
                return "forward"
            if layer is getattr(owner, "backward_layer", None):
                return "backward"
        return ""

    def watched_rnn(self, original):
        """`backend.rnn(step, inputs, initial_states, ...)`, as Keras calls it, with its steps noted down."""
        framework, flatten = self.framework, self.framework.flatten

        def rnn(step, inputs, initial_states, *args, **kwargs):
            if not self.records:
                return original(step, inputs, initial_states, *args, **kwargs)
            seen, direction = [], self.direction()

            def watched_step(step_inputs, states):
                outputs, new_states = step(step_inputs, states)
                seen.append((direction, *(flatten(x) for x in (step_inputs, states, outputs, new_states))))
                return outputs, new_states

            result = original(watched_step, inputs, initial_states, *args, **kwargs)
            time_axis = 0 if kwargs.get("time_major") else 1
            steps = int(flatten(inputs)[0].shape[time_axis])
            if all(framework.is_concrete(t) for s in seen for group in s[1:] for t in group) and len(seen) >= steps:
                # Keras runs the first step once more, only to learn the output's shape, before it loops.
                del seen[: len(seen) - steps]
            else:
                seen.clear()
                replay(framework, watched_step, inputs, initial_states, steps, **kwargs)
            self.records[-1].cells.extend(seen)
            return result

        return rnn

    def watched_fused(self, original, states):
        """`backend.lstm(inputs, h, c, mask, ...)`, `backend.gru(inputs, h, mask, ...)`: where the backend has them, the
        layer's ordinary loop is run besides, for its steps; elsewhere they raise NotImplementedError."""

        def fused(inputs, *args, **kwargs):
            result = original(inputs, *args, **kwargs)
            if self.records:
                mask = args[states] if len(args) > states else kwargs.get("mask")
                self.framework.keras.layers.RNN.inner_loop(self.stack[-1], inputs, list(args[:states]), mask)
            return result

        return fused


def replay(framework, step, inputs, initial_states, steps, go_backwards=False, mask=None, **_):
    """The loop of `backend.rnn`, step by step: for backends that compile theirs (JAX). [batch, time, ...] inputs."""
    ops, tree = framework.keras.ops, framework.keras.tree
    states = tuple(initial_states)
    for t in reversed(range(steps)) if go_backwards else range(steps):
        _, new_states = step(tree.map_structure(lambda x, t=t: x[:, t], inputs), states)
        if mask is not None:
            keep = ops.cast(mask[:, t], "bool")

            def select(new, old, keep=keep):
                return ops.where(ops.reshape(keep, (-1,) + (1,) * (len(new.shape) - 1)), new, old)

            new_states = tree.map_structure(select, tuple(new_states), states)
        states = tuple(new_states)


# ------------------------------------------------------------------------------------------------ main


def answer(session, header, arrays):
    request = header.get("type")
    if request == "load":
        if header.get("memoryMiB"):
            limit_memory(int(header["memoryMiB"]))
        framework, model, note = load(header["path"], bool(header.get("trust")))
        session = Session(framework, model)
        send({"type": "loaded", "note": note, **session.info()})
    elif session is None:
        raise EngineError("protocol", "no model is loaded")
    elif request == "predict":
        send({"type": "predicted"}, session.predict(arrays))
    elif request == "trace":
        send({"type": "traced"}, session.trace(arrays))
    elif request == "eager":
        send({"type": "predicted"}, session.plain_eager(arrays))
    else:
        raise EngineError("protocol", f"unknown request {request!r}")
    return session


def main():
    session = None
    for header, arrays in requests():
        if header.get("type") == "close":
            break
        try:
            session = answer(session, header, arrays)
        except EngineError as error:
            send({"type": "error", "code": error.code, "message": str(error), "detail": error.detail})
        except MemoryError as error:
            send({"type": "error", "code": "memory", "message": words_of(error) or "out of memory", "detail": ""})
        except Exception as error:  # noqa: BLE001
            send({"type": "error", "code": "failed", "message": f"{type(error).__name__}: {words_of(error)}",
                  "detail": traceback.format_exc()})  # fmt: skip
    OUT.flush()
    os._exit(0)  # TensorFlow's threads need no farewell


if __name__ == "__main__":
    main()
