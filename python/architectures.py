"""Small models that between them use what real models use; each is built by Keras 2 or 3 from the same lines.

Every function takes the Keras package and returns a model. Masked models are Sequential: Keras 3 cannot read back its
own `.h5` of a Functional model in which a mask flows (its config names the mask's operations, "Unknown layer: 'NotEqual'").
"""


def mlp(keras):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((6,), name="features"),
        layers.Dense(8, activation="relu", name="hidden"),
        layers.Dropout(0.2, name="dropout"),
        layers.Dense(5, activation="tanh", use_bias=False, name="narrow"),
        layers.Dense(3, activation="softmax", name="classes"),
    ], name="mlp")  # fmt: skip


def cnn_residual(keras):
    layers = keras.layers
    image = layers.Input((12, 12, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(image)
    x = layers.Conv2D(6, 3, padding="same", use_bias=False, name="stem")(x)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = trunk = layers.ReLU(name="stem_relu")(x)
    for block in ("a", "b"):
        y = layers.Conv2D(6, 3, padding="same", use_bias=False, name=f"{block}_conv1")(x)
        y = layers.BatchNormalization(epsilon=1e-5, name=f"{block}_bn1")(y)
        y = layers.Activation("relu", name=f"{block}_relu1")(y)
        y = layers.Conv2D(6, 3, padding="same", name=f"{block}_conv2")(y)
        y = layers.BatchNormalization(scale=False, name=f"{block}_bn2")(y)
        x = layers.Add(name=f"{block}_add")([x, y])
        x = layers.Activation("relu", name=f"{block}_relu2")(x)
    x = layers.Concatenate(name="concat")([x, trunk])
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Conv2D(8, 3, strides=2, padding="valid", activation="elu", name="down")(x)
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    return keras.Model(image, layers.Dense(4, activation="softmax", name="classes")(x), name="cnn_residual")


def depthwise(keras):
    layers = keras.layers
    image = layers.Input((10, 9, 4), name="image")
    x = layers.ZeroPadding2D(((1, 0), (0, 2)), name="pad")(image)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(x)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.ReLU(max_value=6.0, name="relu6")(x)
    x = layers.Conv2D(6, 1, strides=2, activation="relu", name="pointwise")(x)
    x = layers.AveragePooling2D(2, padding="same", name="average")(x)
    x = layers.UpSampling2D(2, interpolation="nearest", name="up")(x)
    x = layers.Conv2DTranspose(3, 3, strides=2, padding="same", name="transpose")(x)
    x = layers.Flatten(name="flatten")(x)
    return keras.Model(image, layers.Dense(2, activation="sigmoid", name="score")(x), name="depthwise")


def separable(keras):
    """Keras 2 writes `kernel_initializer` into SeparableConv2D, and TF.js refuses that."""
    layers = keras.layers
    image = layers.Input((8, 8, 3), name="image")
    x = layers.SeparableConv2D(6, 3, strides=2, padding="same", activation="relu", name="separable")(image)
    x = layers.GlobalMaxPooling2D(name="top")(x)
    return keras.Model(image, layers.Dense(2, name="score")(x), name="separable")


def lstm_masking(keras):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((7, 3), name="series"),
        layers.Masking(mask_value=0.0, name="masking"),
        layers.LSTM(5, return_sequences=True, name="lstm"),
        layers.LSTM(4, name="lstm_last"),
        layers.Dense(2, name="forecast"),
    ], name="lstm_masking")  # fmt: skip


def gru(keras, reset_after):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((6, 3), name="series"),
        layers.GRU(5, reset_after=reset_after, return_sequences=True, name="gru"),
        layers.GRU(4, reset_after=reset_after, recurrent_activation="hard_sigmoid", go_backwards=True, name="gru_back"),
        layers.Dense(2, name="forecast"),
    ], name="gru")  # fmt: skip


def gru_reset_after(keras):
    return gru(keras, True)


def gru_reset_before(keras):
    return gru(keras, False)


def bidirectional(keras):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((6, 4), name="series"),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True, name="lstm"), name="both"),
        layers.Bidirectional(layers.SimpleRNN(3, name="rnn"), merge_mode="sum", name="sum"),
        layers.Dense(2, name="tags"),
    ], name="bidirectional")  # fmt: skip


def nested(keras):
    layers = keras.layers
    encoder = keras.Sequential([
        layers.Input((8,), name="code_in"),
        layers.Dense(6, activation="relu", name="dense_one"),
        layers.BatchNormalization(name="bn"),
    ], name="encoder")  # fmt: skip
    inner_in = layers.Input((6,), name="inner_in")
    inner = keras.Model(inner_in, layers.Add(name="add")([inner_in, layers.Dense(6, name="dense_two")(inner_in)]), name="inner")
    middle_in = layers.Input((6,), name="middle_in")
    middle = keras.Model(middle_in, layers.LeakyReLU(name="leaky")(inner(middle_in)), name="middle")
    features = layers.Input((8,), name="features")
    x = middle(encoder(features))
    return keras.Model(features, layers.Dense(3, name="head")(x), name="nested")


def shared(keras):
    layers = keras.layers
    left, right = layers.Input((5,), name="left"), layers.Input((5,), name="right")
    tower = layers.Dense(4, activation="tanh", name="tower")
    tail = layers.Dense(4, activation="relu", name="tail")
    a, b = tail(tower(left)), tail(tower(right))
    product = layers.Multiply(name="product")([a, b])
    distance = layers.Dot(axes=1, normalize=True, name="cosine")([a, b])
    joined = layers.Concatenate(name="joined")([product, distance, tail(product)])
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid", name="same")(joined), name="shared")


def two_inputs(keras):
    layers = keras.layers
    image = layers.Input((8, 8, 1), name="image")
    tokens = layers.Input((5,), name="tokens", dtype="int32")
    x = layers.Flatten(name="flat")(layers.Conv2D(3, 3, activation="relu", name="conv")(image))
    y = layers.GlobalAveragePooling1D(name="mean")(layers.Embedding(11, 4, name="words")(tokens))
    joined = layers.Concatenate(name="joined")([layers.Dense(6, name="look")(x), y])
    return keras.Model([image, tokens], layers.Dense(3, activation="softmax", name="answer")(joined), name="two_inputs")


def two_outputs(keras):
    layers = keras.layers
    features = layers.Input((6,), name="features")
    x = layers.Dense(7, activation="selu", name="trunk")(features)
    kind = layers.Dense(4, activation="softmax", name="kind")(x)
    box = layers.Dense(2, activation="linear", name="box")(layers.PReLU(name="prelu")(x))
    return keras.Model(features, [kind, box], name="two_outputs")


def embedding_lstm(keras):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((8,), name="tokens"),
        layers.Embedding(12, 4, mask_zero=True, name="words"),
        layers.LSTM(5, name="lstm"),
        layers.Dense(2, activation="softmax", name="mood"),
    ], name="embedding_lstm")  # fmt: skip


def sequence_mix(keras):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((24,), name="flat"),
        layers.Reshape((6, 4), name="reshape"),
        layers.LayerNormalization(name="norm"),
        layers.TimeDistributed(layers.Dense(5, activation="relu", name="dense"), name="each"),
        layers.Conv1D(6, 3, padding="causal", dilation_rate=2, name="conv"),
        layers.Permute((2, 1), name="permute"),
        layers.MaxPooling1D(2, name="pool"),
        layers.Softmax(name="softmax"),
        layers.GlobalMaxPooling1D(name="top"),
    ], name="sequence_mix")  # fmt: skip


def with_lambda(keras):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((3,), name="features"),
        layers.Lambda(lambda x: x * 2.0, name="double"),
        layers.Dense(2, name="dense"),
    ], name="with_lambda")  # fmt: skip


def digits(keras):
    """The shipped example: small enough to read, and quantizing it visibly moves its predictions."""
    layers = keras.layers
    image = layers.Input((28, 28, 1), name="digit")
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="conv1")(image)
    x = layers.BatchNormalization(name="bn1")(x)
    x = layers.ReLU(name="relu1")(x)
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(32, activation="relu", name="hidden")(x)
    return keras.Model(image, layers.Dense(10, activation="softmax", name="digit_class")(x), name="digits")


ARCHITECTURES = [mlp, cnn_residual, depthwise, separable, lstm_masking, gru_reset_after, gru_reset_before, bidirectional, nested, shared,
                 two_inputs, two_outputs, embedding_lstm, sequence_mix, with_lambda]  # fmt: skip
