"""Writes small TF.js graph-models by hand, in the form that tensorflowjs_converter gives them.

Forms and names were read from conversions that people published and from the converter's sources: constants carry no
values, which lie in the weights manifest; batch normalizations are folded into convolutions in float32
(fold_batch_norms.py), under "…_weights" and "…_bn_offset"; Grappler fuses a product, its bias and its activation.

    python make_tfjs_graph.py            # all of test/fixtures/tfjs-graph
"""

import base64
import json
import pathlib

import h5py
import numpy as np

from make_tfjs import write_group

FIXTURES = pathlib.Path(__file__).parent.parent / "test" / "fixtures"
CONVERTED_BY = "Vernier's python/make_tfjs_graph.py, as TensorFlow.js Converter v4.22.0 would"
DTYPES = {"float32": "DT_FLOAT", "int32": "DT_INT32", "bool": "DT_BOOL", "object": "DT_STRING"}
CALL = "StatefulPartitionedCall"


def shape_of(dims):
    return {"dim": [{"size": str(-1 if d is None else d)} for d in dims]}


def string(text):
    return {"s": base64.b64encode(text.encode()).decode()}


def strings(*texts):
    return {"list": {"s": [string(text)["s"] for text in texts]}}


def ints(*values):
    return {"list": {"i": [str(value) for value in values]}}


class Graph:
    def __init__(self):
        self.nodes, self.weights, self.library, self.initializer = [], [], None, None
        self.signature = {"inputs": {}, "outputs": {}}

    def node(self, name, op, *inputs, **attr):
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attr})
        return name

    def constant(self, name, value, nodes=None):
        value = np.asarray(value)
        dtype = DTYPES[value.dtype.name]
        tensor = {"dtype": dtype, "tensorShape": shape_of(value.shape)}
        attr = {"dtype": {"type": dtype}, "value": {"tensor": tensor}}
        (self.nodes if nodes is None else nodes).append({"name": name, "op": "Const", "attr": attr})
        self.weights.append((name, value))
        return name

    def input(self, name, dims, dtype="DT_FLOAT"):
        self.node(name, "Placeholder", shape={"shape": shape_of(dims)}, dtype={"type": dtype})
        self.signature["inputs"][name] = {"name": f"{name}:0", "dtype": dtype, "tensorShape": shape_of(dims)}
        return name

    def output(self, key, name, dims, dtype="DT_FLOAT"):
        self.node(key, "Identity", name, T={"type": dtype})
        self.signature["outputs"][key] = {"name": f"{key}:0", "dtype": dtype, "tensorShape": shape_of(dims)}

    def write(self, folder, quantization=None):
        folder = FIXTURES / "tfjs-graph" / folder
        folder.mkdir(parents=True, exist_ok=True)
        texts = [entry for entry in self.weights if entry[1].dtype == object]
        numbers = [entry for entry in self.weights if entry[1].dtype != object]
        group = write_group(0, numbers, folder, quantization, 4 * 1024 * 1024)
        if texts:
            blob = b"".join(len(t.encode()).to_bytes(4, "little") + t.encode() for _, v in texts for t in v.flat)
            path = folder / group["paths"][0]
            path.write_bytes(path.read_bytes() + blob)
            group["weights"] += [{"name": n, "shape": list(v.shape), "dtype": "string"} for n, v in texts]
        model = {
            "format": "graph-model",
            "generatedBy": "2.21.0",
            "convertedBy": CONVERTED_BY,
            "signature": self.signature,
            "modelTopology": {
                "node": self.nodes,
                "library": self.library or {},
                "versions": {"producer": 2288},
            },
            "weightsManifest": [group],
        }
        if self.initializer is not None:
            model["modelInitializer"] = {"node": self.initializer, "versions": {"producer": 2288}}
        (folder / "model.json").write_text(json.dumps(model, indent=1) + "\n")


FLOAT = {"T": {"type": "DT_FLOAT"}}


def fused(*operations):
    return {**FLOAT, "fused_ops": strings(*operations), "num_args": {"i": "1"}, "epsilon": {"f": 0.0}}


def read_weights(name):
    found = {}
    with h5py.File(FIXTURES / "keras2" / f"{name}.h5") as file:

        def keep(path, item):
            if isinstance(item, h5py.Dataset):
                layer, weight = path.split("/")[-2:]
                found[layer, weight.split(":")[0]] = np.array(item)

        file["model_weights"].visititems(keep)
    return found


def mlp(change=None):
    """A bias of its own node, a fused one, and a matrix that its consumer turns."""
    w = read_weights("mlp")
    g, at = Graph(), f"{CALL}/mlp"
    x = g.input("features", [None, 6])
    kernel = g.constant(f"{at}/hidden/MatMul/ReadVariableOp", w["hidden", "kernel"])
    bias = g.constant(f"{at}/hidden/BiasAdd/ReadVariableOp", w["hidden", "bias"])
    x = g.node(f"{at}/hidden/Relu", "_FusedMatMul", x, kernel, bias, **fused("BiasAdd", "Relu"))
    turned = g.constant(f"{at}/narrow/MatMul/ReadVariableOp", w["narrow", "kernel"].T.copy())
    no, yes = {"b": False}, {"b": True}
    x = g.node(f"{at}/narrow/MatMul", "MatMul", x, turned, transpose_a=no, transpose_b=yes, **FLOAT)
    x = g.node(f"{at}/narrow/Tanh", "Tanh", x, **FLOAT)
    kernel = g.constant(f"{at}/classes/MatMul/ReadVariableOp", w["classes", "kernel"])
    bias = g.constant(f"{at}/classes/BiasAdd/ReadVariableOp", w["classes", "bias"])
    x = g.node(f"{at}/classes/MatMul", "MatMul", x, kernel, transpose_a=no, transpose_b=no, **FLOAT)
    x = g.node(f"{at}/classes/BiasAdd", "BiasAdd", x, bias, data_format=string("NHWC"), **FLOAT)
    x = g.node(f"{at}/classes/Softmax", "Softmax", x, **FLOAT)
    g.output("Identity", x, [None, 3])
    return g


def cnn_residual():
    """Every batch normalization folded into the convolution before it."""
    w = read_weights("cnn-residual")
    g, at = Graph(), f"{CALL}/cnn_residual"
    conv_attr = {
        "data_format": string("NHWC"),
        "dilations": ints(1, 1, 1, 1),
        "explicit_paddings": {"list": {}},
        "use_cudnn_on_gpu": {"b": True},
    }

    def conv(x, layer, norm, epsilon, name, operations):
        variance, mean = w[norm, "moving_variance"], w[norm, "moving_mean"]
        gamma = w.get((norm, "gamma"), np.ones_like(mean))
        bias = w.get((layer, "bias"), np.zeros_like(mean))
        scale = (1.0 / np.sqrt(variance + np.float32(epsilon))) * gamma
        offset = (bias - mean) * scale + w[norm, "beta"]
        kernel = g.constant(f"{at}/{layer}/Conv2D_weights", (w[layer, "kernel"] * scale).astype(np.float32))
        moved = g.constant(f"{at}/{layer}/Conv2D_bn_offset", offset.astype(np.float32))
        attr = {**conv_attr, "strides": ints(1, 1, 1, 1), "padding": string("SAME"), **fused(*operations)}
        return g.node(f"{at}/{name}", "_FusedConv2D", x, kernel, moved, **attr)

    x = g.input("image", [None, 12, 12, 3])
    factor = g.constant(f"{at}/rescale/Cast/x", np.float32(0.00784313725490196))
    x = g.node(f"{at}/rescale/mul", "Mul", x, factor, **FLOAT)
    x = g.node(f"{at}/rescale/add", "AddV2", x, g.constant(f"{at}/rescale/Cast_1/x", np.float32(-1)), **FLOAT)
    stem = x = conv(x, "stem", "stem_bn", 0.001, "stem_relu/Relu", ["BiasAdd", "Relu"])
    for block in "ab":
        y = conv(x, f"{block}_conv1", f"{block}_bn1", 1e-5, f"{block}_relu1/Relu", ["BiasAdd", "Relu"])
        y = conv(y, f"{block}_conv2", f"{block}_bn2", 0.001, f"{block}_bn2/FusedBatchNormV3", ["BiasAdd"])
        y = g.node(f"{at}/{block}_add/add", "AddV2", x, y, **FLOAT)
        x = g.node(f"{at}/{block}_relu2/Relu", "Relu", y, **FLOAT)
    axis = g.constant(f"{at}/concat/concat/axis", np.int32(-1))
    x = g.node(f"{at}/concat/concat", "ConcatV2", x, stem, axis, N={"i": "2"}, Tidx={"type": "DT_INT32"}, **FLOAT)
    window = {"ksize": ints(1, 2, 2, 1), "strides": ints(1, 2, 2, 1)}
    pooled = {"padding": string("VALID"), "data_format": string("NHWC"), **FLOAT}
    x = g.node(f"{at}/pool/MaxPool", "MaxPool", x, **window, **pooled)
    kernel = g.constant(f"{at}/down/Conv2D/ReadVariableOp", w["down", "kernel"])
    bias = g.constant(f"{at}/down/BiasAdd/ReadVariableOp", w["down", "bias"])
    attr = {**conv_attr, "strides": ints(1, 2, 2, 1), "padding": string("VALID"), **fused("BiasAdd", "Elu")}
    x = g.node(f"{at}/down/Elu", "_FusedConv2D", x, kernel, bias, **attr)
    axes = g.constant(f"{at}/gap/Mean/reduction_indices", np.array([1, 2], np.int32))
    x = g.node(f"{at}/gap/Mean", "Mean", x, axes, keep_dims={"b": False}, Tidx={"type": "DT_INT32"}, **FLOAT)
    kernel = g.constant(f"{at}/classes/MatMul/ReadVariableOp", w["classes", "kernel"])
    bias = g.constant(f"{at}/classes/BiasAdd/ReadVariableOp", w["classes", "bias"])
    x = g.node(f"{at}/classes/BiasAdd", "_FusedMatMul", x, kernel, bias, **fused("BiasAdd"))
    x = g.node(f"{at}/classes/Softmax", "Softmax", x, **FLOAT)
    g.output("Identity", x, [None, 4])
    return g


def loop():
    """Doubles its input three times in a while loop, whose condition and body are functions of the library."""
    g = Graph()
    x = g.input("x", [None, 2])
    start = g.constant("start", np.int32(0))
    types = {"T": {"list": {"type": ["DT_INT32", "DT_FLOAT"]}}}
    cond, body = {"func": {"name": "loop_cond"}}, {"func": {"name": "loop_body"}}
    g.node("loop", "StatelessWhile", start, x, cond=cond, body=body, **types)
    g.output("Identity", "loop:1", [None, 2])
    arguments = [{"name": "i", "type": "DT_INT32"}, {"name": "x", "type": "DT_FLOAT"}]

    def function(name, results, returned, *nodes):
        signature = {"name": name, "inputArg": arguments, "outputArg": results}
        return {"signature": signature, "nodeDef": list(nodes), "ret": returned}

    condition, step = [], []
    g.constant("loop_cond/limit", np.int32(3), condition)
    integer = {"T": {"type": "DT_INT32"}}
    condition.append({"name": "Less", "op": "Less", "input": ["i", "loop_cond/limit:output:0"], "attr": integer})
    g.constant("loop_body/one", np.int32(1), step)
    step.append({"name": "next", "op": "AddV2", "input": ["i", "loop_body/one:output:0"], "attr": integer})
    step.append({"name": "twice", "op": "AddV2", "input": ["x", "x"], "attr": FLOAT})
    results = [{"name": "i_out", "type": "DT_INT32"}, {"name": "x_out", "type": "DT_FLOAT"}]
    g.library = {
        "function": [
            function("loop_cond", [{"name": "go", "type": "DT_BOOL"}], {"go": "Less:z:0"}, *condition),
            function("loop_body", results, {"i_out": "next:z:0", "x_out": "twice:z:0"}, *step),
        ]
    }
    return g


def hash_table():
    """Words looked up in a table that the initializer fills, and their embeddings."""
    g = Graph()
    words = g.input("words", [None], "DT_STRING")
    types = {"key_dtype": {"type": "DT_STRING"}, "value_dtype": {"type": "DT_INT32"}}
    g.node("table", "HashTableV2", **types)
    unknown = g.constant("unknown", np.int32(0))
    find = {"Tin": {"type": "DT_STRING"}, "Tout": {"type": "DT_INT32"}}
    ids = g.node("lookup", "LookupTableFindV2", "table", words, unknown, **find)
    vectors = g.constant("embedding", np.arange(8, dtype=np.float32).reshape(4, 2))
    axis = g.constant("axis", np.int32(0))
    x = g.node("gather", "GatherV2", vectors, ids, axis, batch_dims={"i": "0"})
    g.output("Identity", x, [None, 2])
    g.initializer = [{"name": "table", "op": "HashTableV2", "attr": types}]
    g.constant("keys", np.array(["cat", "dog", "bird"], object), g.initializer)
    g.constant("values", np.array([1, 2, 3], np.int32), g.initializer)
    g.initializer.append({"name": "fill", "op": "LookupTableImportV2", "input": ["table", "keys", "values"], "attr": find})
    return g


if __name__ == "__main__":
    mlp().write("mlp")
    mlp().write("mlp-uint8", "uint8")
    cnn_residual().write("cnn-residual")
    loop().write("loop")
    hash_table().write("hash-table")
