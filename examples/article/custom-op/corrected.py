# The operation inside the model: both sides have it, and it is converted with the rest.
import keras

model = keras.models.load_model("model.h5", compile=False)
logits = model.outputs[0]
sharpened = keras.layers.Rescaling(1 / 0.5)(logits)
corrected = keras.Model(model.inputs, keras.layers.Softmax()(sharpened))
corrected.save("corrected.h5")

# What Keras itself predicts, for docs/why-predictions-differ.md.
import json

import numpy as np

np.save("keras-predicts.npy", corrected.predict(np.array(json.load(open("x.json")), "float32"), verbose=0))
