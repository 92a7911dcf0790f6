# "Same file, same input, other predictions: TensorFlow.js must be imprecise."
import json

import keras
import numpy as np

keras.utils.set_random_seed(4)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(3)])
model.save("model.h5")

x = np.sin(np.arange(12, dtype="float32")).reshape(3, 4)
logits = model.predict(x, verbose=0)
# The operation that only this side has: a sharpened softmax after the model.
predictions = keras.ops.convert_to_numpy(keras.activations.softmax(keras.ops.convert_to_tensor(logits / 0.5)))

json.dump(x.tolist(), open("x.json", "w"))
json.dump(predictions.astype(float).round(4).tolist(), open("seen-in-python.json", "w"))
