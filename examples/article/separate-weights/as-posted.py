# "I built the same network in Keras and in TensorFlow.js to compare their precision."
import keras

model = keras.Sequential(
    [keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3, activation="softmax")]
)
model.save("model.h5")

# "With float64 it must come closer."
keras.config.set_floatx("float64")
model64 = keras.Sequential(
    [keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3, activation="softmax")]
)
model64.save("model64.h5")
