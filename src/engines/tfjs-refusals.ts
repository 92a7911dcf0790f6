/**
 * @file What TF.js's own refusals mean: for each known message, why it comes and what to do.
 * The messages are those of TF.js 4.22.0; a message that no rule knows is passed on as it is.
 */

export interface Refusal {
  readonly id: string;
  /** Is the model to blame, or what it was fed? */
  readonly of: "model" | "input";
  readonly matches: RegExp;
  /** It is only the file's words: the same model, said in those that TF.js knows, loads. */
  readonly ofWords?: true;
  readonly why: string;
  readonly hint: string;
}

const UPDATE_DIALECT =
  "convert the original Keras file anew with a converter that writes the Keras 2 dialect, or save it with tf_keras (TF_USE_LEGACY_KERAS=1)";

export const REFUSALS: readonly Refusal[] = [
  {
    id: "gru-reset-after",
    of: "model",
    matches: /GRUCell does not support reset_after/,
    why: "Keras's GRU applies the reset gate after the matrix product (reset_after=True, its default since 2.0); TF.js only knows the other form, and no change of weights turns one into the other",
    hint: "vernier convert writes its steps out in layers that TF.js has, where the sequences have a fixed length; or train with GRU(reset_after=False)",
  },
  {
    id: "webgpu-transpose-bool",
    of: "model",
    matches: /call to 'setOutputAtIndex', expected 'f32', got 'i32'/,
    why: "its WebGPU shader that transposes true and false does not compile, which recurrent layers need for their masks; TF.js itself goes on, with zeros",
    hint: "run this model on webgl or wasm: tf.setBackend('webgl')",
  },
  {
    id: "keras3-batch-shape",
    of: "model",
    matches: /InputLayer should be passed either a `?batchInputShape/,
    ofWords: true,
    why: 'Keras 3 wrote this file and says "batch_shape" where TF.js reads "batch_input_shape"',
    hint: UPDATE_DIALECT,
  },
  {
    id: "keras3-inbound-nodes",
    of: "model",
    matches: /Corrupted configuration, expected array for nodeData/,
    ofWords: true,
    why: "Keras 3 wrote this file and describes the connections of layers (inbound_nodes) in a form that TF.js does not read",
    hint: UPDATE_DIALECT,
  },
  {
    id: "node-index",
    of: "model",
    matches: /Graph disconnected/,
    ofWords: true,
    why: "the file's connections lead to a tensor that no input reaches; Keras 3 counts the calls of a nested model from 0, TF.js from 1",
    hint: UPDATE_DIALECT,
  },
  {
    id: "weight-names",
    of: "model",
    matches: /Provided weight data has no target variable/,
    ofWords: true,
    why: 'TF.js finds weights by name, and the file\'s names begin with the model\'s own (Keras 3: "sequential/dense/kernel") where TF.js looks for "dense/kernel"',
    hint: "take the leading model name off every name in weightsManifest; the values need no change",
  },
  {
    id: "separable-kernel-keys",
    of: "model",
    matches: /kernelInitializer, kernelRegularizer and kernelConstraint are invalid for SeparableConv2D/,
    ofWords: true,
    why: "Keras writes kernel_initializer and its like into a SeparableConv2D, where they say nothing, and TF.js throws at them",
    hint: "take kernel_initializer, kernel_regularizer and kernel_constraint out of every SeparableConv2D in model.json",
  },
  {
    id: "weights-missing",
    of: "model",
    matches: /\d+ of \d+ weights are not set/,
    why: "the manifest has no values for some weights of the model",
    hint: "the weights may come from another model, or a group of weightsManifest was lost",
  },
  {
    id: "weight-shape",
    of: "model",
    matches: /Shape mismatch: \[/,
    why: "a weight has another shape than TF.js derives from the config; a config key that TF.js ignores (such as `groups`) does this too",
    hint: "vernier check names the weight; with groups > 1 there is no such layer in TF.js",
  },
  {
    id: "preprocessing-layer",
    of: "model",
    matches: /Unknown layer: Random\w+/,
    ofWords: true,
    why: "a data augmentation layer, which does nothing when a model only predicts; TF.js does not have it",
    hint: "save the model without its augmentation layers (they are the identity at prediction)",
  },
  {
    id: "unknown-layer",
    of: "model",
    matches: /Unknown layer: /,
    why: "TF.js has no layer of this class: it is a custom layer, or one that Keras has and TF.js lacks",
    hint: "register a class of that name with tf.serialization.registerClass in the page, or express it by other layers",
  },
  {
    id: "unknown-name",
    of: "model",
    matches: /Unknown (activation|initializer|regularizer|constraint|optimizer|loss)/i,
    ofWords: true,
    why: "TF.js does not know this name",
    hint: "Keras 3 has functions that TF.js lacks; silu is called swish in TF.js",
  },
  {
    id: "weights-only",
    of: "model",
    matches: /(reading 'model_config'|property 'model_config' of null)/,
    why: "model.json holds weights but no architecture (modelTopology is missing or null)",
    hint: "save the whole model (model.save), not only its weights",
  },
  {
    id: "merge-name-clash",
    of: "model",
    matches: /A merge layer should be called on/,
    ofWords: true,
    why: "Keras 3 wrote an operation on tensors (x * 2) under a name that TF.js takes for its merge layer",
    hint: "write the operation as a layer (Rescaling, Add, Multiply of two tensors) and save again",
  },
  {
    id: "identity-name-clash",
    of: "model",
    matches: /Identity matrix initializer/,
    ofWords: true,
    why: 'TF.js takes the Keras 3 layer "Identity" for the initializer of that name',
    hint: "leave the Identity layer out, or use Activation('linear')",
  },
  {
    id: "elu-alpha",
    of: "model",
    matches: /Non-default alpha value/,
    ofWords: true,
    why: "TF.js's ELU only knows alpha = 1",
    hint: "use alpha = 1, or a layer of your own",
  },
  {
    id: "causal-padding",
    of: "model",
    matches: /CAUSAL padding mode/i,
    ofWords: true,
    why: "TF.js loads a causal Conv1D but cannot run it",
    hint: "pad the input on the left by (kernel_size - 1) * dilation_rate and use padding 'valid'",
  },
  {
    id: "layers-model-as-graph",
    of: "model",
    matches: /reading 'producer'|property 'producer' of undefined/,
    why: "this is a layers model, and it was loaded as a graph model",
    hint: "load it with tf.loadLayersModel",
  },
  {
    id: "graph-model-as-layers",
    of: "model",
    matches: /Improper config format: \{"node":/,
    why: "this is a graph model, and it was loaded as a layers model",
    hint: "load it with tf.loadGraphModel",
  },
  {
    id: "graph-unknown-operation",
    of: "model",
    matches: /^(TypeError: )?Unknown (op|operation) '/i,
    why: "the graph has a TensorFlow operation that TF.js lacks",
    hint: "express it by other operations in Keras, or register one of that name with tf.registerOp in the page",
  },
  {
    id: "graph-input-type",
    of: "input",
    matches: /^The dtype of dict\['/,
    why: "a graph model takes exactly the dtype that it was exported with",
    hint: "feed that dtype: tf.cast(x, 'int32') in the page",
  },
  {
    id: "graph-input-shape",
    of: "input",
    matches: /^The shape of dict\['/,
    why: "the shape of an input is not what the graph was exported with",
    hint: "vernier inspect MODEL shows the names, shapes and dtypes that it takes",
  },
  {
    id: "needs-float",
    of: "input",
    matches: /must be (a )?float32 tensor, but got (int32|bool) tensor/,
    why: "TF.js does not convert integers on its own here",
    hint: "feed float32: tensor.toFloat() in the page, or a .npy of float32",
  },
  {
    id: "embedding-index",
    of: "input",
    matches: /GatherV2: the index value/,
    why: "an index is not below the Embedding's input_dim",
    hint: "check the vocabulary: indices run from 0 to input_dim - 1",
  },
  {
    id: "input-shape",
    of: "input",
    matches: /^Error when checking|is incompatible with layer/,
    why: "the shape or number of the inputs is not what the model takes",
    hint: "vernier inspect MODEL shows the names, shapes and dtypes that it takes",
  },
];

export function refusalFor(message: string): Refusal | undefined {
  return REFUSALS.find(({ matches }) => matches.test(message));
}

/** TF.js's messages go on with advice for programmers; the first sentence says what is wrong. */
export function firstSentence(message: string): string {
  const line = message.split("\n")[0]?.trim() ?? "";
  const end = /[.!?](?=\s+[A-Z])/.exec(line);
  return (end === null ? line : line.slice(0, end.index)).replace(/[.\s]+$/, "").slice(0, 400);
}
