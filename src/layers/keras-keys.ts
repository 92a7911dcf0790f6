/**
 * @file The config keys that each class of Keras accepts: a reader refuses one that it does not know.
 * Made by python/config_keys.py with Keras 3.15.1 and tf_keras 2.21.0.
 */

export const KERAS_KEYS: Readonly<Record<string, Readonly<Record<"keras2" | "keras3", string>>>> = {
  Dense: {
    keras2:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer dtype kernel_constraint kernel_initializer kernel_regularizer name trainable units use_bias",
    keras3:
      "activation bias_constraint bias_initializer bias_regularizer dtype kernel_constraint kernel_initializer kernel_regularizer name quantization_config trainable units use_bias",
  },
  InputLayer: {
    keras2: "batch_input_shape dtype name optional ragged sparse",
    keras3: "batch_shape dtype name optional ragged sparse",
  },
  Dropout: {
    keras2: "dtype name noise_shape rate seed trainable",
    keras3: "dtype name noise_shape rate seed trainable",
  },
  SpatialDropout1D: {
    keras2: "dtype name noise_shape rate seed trainable",
    keras3: "dtype name rate seed",
  },
  SpatialDropout2D: {
    keras2: "dtype name noise_shape rate seed trainable",
    keras3: "data_format dtype name rate seed",
  },
  SpatialDropout3D: {
    keras2: "dtype name noise_shape rate seed trainable",
    keras3: "data_format dtype name rate seed",
  },
  GaussianDropout: {
    keras2: "dtype name rate seed trainable",
    keras3: "dtype name rate seed trainable",
  },
  GaussianNoise: {
    keras2: "dtype name seed stddev trainable",
    keras3: "dtype name seed stddev trainable",
  },
  AlphaDropout: {
    keras2: "dtype name rate seed trainable",
    keras3: "dtype name noise_shape rate seed trainable",
  },
  ActivityRegularization: {
    keras2: "dtype l1 l2 name trainable",
    keras3: "dtype l1 l2 name trainable",
  },
  Flatten: {
    keras2: "data_format dtype name trainable",
    keras3: "data_format dtype name trainable",
  },
  Reshape: {
    keras2: "dtype name target_shape trainable",
    keras3: "dtype name target_shape trainable",
  },
  Permute: {
    keras2: "dims dtype name trainable",
    keras3: "dims dtype name trainable",
  },
  RepeatVector: {
    keras2: "dtype n name trainable",
    keras3: "dtype n name trainable",
  },
  Add: {
    keras2: "dtype name trainable",
    keras3: "dtype name trainable",
  },
  Subtract: {
    keras2: "dtype name trainable",
    keras3: "dtype name trainable",
  },
  Multiply: {
    keras2: "dtype name trainable",
    keras3: "dtype name trainable",
  },
  Average: {
    keras2: "dtype name trainable",
    keras3: "dtype name trainable",
  },
  Maximum: {
    keras2: "dtype name trainable",
    keras3: "dtype name trainable",
  },
  Minimum: {
    keras2: "dtype name trainable",
    keras3: "dtype name trainable",
  },
  Concatenate: {
    keras2: "axis dtype name trainable",
    keras3: "axis dtype name trainable",
  },
  Dot: {
    keras2: "axes dtype name normalize trainable",
    keras3: "axes dtype name normalize trainable",
  },
  ZeroPadding1D: {
    keras2: "dtype name padding trainable",
    keras3: "data_format dtype name padding trainable",
  },
  ZeroPadding2D: {
    keras2: "data_format dtype name padding trainable",
    keras3: "data_format dtype name padding trainable",
  },
  Cropping1D: {
    keras2: "cropping dtype name trainable",
    keras3: "cropping dtype name trainable",
  },
  Cropping2D: {
    keras2: "cropping data_format dtype name trainable",
    keras3: "cropping data_format dtype name trainable",
  },
  UpSampling1D: {
    keras2: "dtype name size trainable",
    keras3: "dtype name size trainable",
  },
  UpSampling2D: {
    keras2: "data_format dtype interpolation name size trainable",
    keras3: "data_format dtype interpolation name size trainable",
  },
  ReLU: {
    keras2: "dtype max_value name negative_slope threshold trainable",
    keras3: "dtype max_value name negative_slope threshold trainable",
  },
  LeakyReLU: {
    keras2: "alpha dtype name trainable",
    keras3: "dtype name negative_slope trainable",
  },
  ELU: {
    keras2: "alpha dtype name trainable",
    keras3: "alpha dtype name trainable",
  },
  PReLU: {
    keras2: "alpha_constraint alpha_initializer alpha_regularizer dtype name shared_axes trainable",
    keras3: "alpha_constraint alpha_initializer alpha_regularizer dtype name shared_axes trainable",
  },
  Softmax: {
    keras2: "axis dtype name trainable",
    keras3: "axis dtype name trainable",
  },
  Rescaling: {
    keras2: "dtype name offset scale trainable",
    keras3: "dtype name offset scale trainable",
  },
  UnitNormalization: {
    keras2: "axis dtype name trainable",
    keras3: "axis dtype name trainable",
  },
  BatchNormalization: {
    keras2:
      "axis beta_constraint beta_initializer beta_regularizer center dtype epsilon gamma_constraint gamma_initializer gamma_regularizer momentum moving_mean_initializer moving_variance_initializer name scale trainable",
    keras3:
      "axis beta_constraint beta_initializer beta_regularizer center dtype epsilon gamma_constraint gamma_initializer gamma_regularizer momentum moving_mean_initializer moving_variance_initializer name renorm renorm_clipping renorm_momentum scale synchronized trainable",
  },
  Bidirectional: {
    keras2: "dtype layer merge_mode name trainable",
    keras3: "backward_layer dtype layer merge_mode name trainable",
  },
  Embedding: {
    keras2:
      "activity_regularizer batch_input_shape dtype embeddings_constraint embeddings_initializer embeddings_regularizer input_dim input_length mask_zero name output_dim trainable",
    keras3:
      "activity_regularizer dtype embeddings_constraint embeddings_initializer embeddings_regularizer input_dim mask_zero name output_dim quantization_config trainable",
  },
  GRU: {
    keras2:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer dropout dtype go_backwards implementation kernel_constraint kernel_initializer kernel_regularizer name recurrent_activation recurrent_constraint recurrent_dropout recurrent_initializer recurrent_regularizer reset_after return_sequences return_state stateful trainable units unroll use_bias",
    keras3:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer dropout dtype go_backwards kernel_constraint kernel_initializer kernel_regularizer name recurrent_activation recurrent_constraint recurrent_dropout recurrent_initializer recurrent_regularizer reset_after return_sequences return_state seed stateful trainable units unroll use_bias zero_output_for_mask",
  },
  LayerNormalization: {
    keras2:
      "axis beta_constraint beta_initializer beta_regularizer center dtype epsilon gamma_constraint gamma_initializer gamma_regularizer name scale trainable",
    keras3:
      "axis beta_constraint beta_initializer beta_regularizer center dtype epsilon gamma_constraint gamma_initializer gamma_regularizer name rms_scaling scale trainable",
  },
  LSTM: {
    keras2:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer dropout dtype go_backwards implementation kernel_constraint kernel_initializer kernel_regularizer name recurrent_activation recurrent_constraint recurrent_dropout recurrent_initializer recurrent_regularizer return_sequences return_state stateful trainable unit_forget_bias units unroll use_bias",
    keras3:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer dropout dtype go_backwards kernel_constraint kernel_initializer kernel_regularizer name recurrent_activation recurrent_constraint recurrent_dropout recurrent_initializer recurrent_regularizer return_sequences return_state seed stateful trainable unit_forget_bias units unroll use_bias zero_output_for_mask",
  },
  Masking: {
    keras2: "dtype mask_value name trainable",
    keras3: "dtype mask_value name trainable",
  },
  SimpleRNN: {
    keras2:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer dropout dtype go_backwards kernel_constraint kernel_initializer kernel_regularizer name recurrent_constraint recurrent_dropout recurrent_initializer recurrent_regularizer return_sequences return_state stateful trainable units unroll use_bias",
    keras3:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer dropout dtype go_backwards kernel_constraint kernel_initializer kernel_regularizer name recurrent_constraint recurrent_dropout recurrent_initializer recurrent_regularizer return_sequences return_state stateful trainable units unroll use_bias zero_output_for_mask",
  },
  TimeDistributed: {
    keras2: "dtype layer name trainable",
    keras3: "dtype layer name trainable",
  },
  Activation: {
    keras2: "activation dtype name trainable",
    keras3: "activation dtype name trainable",
  },
  Conv1D: {
    keras2:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer data_format dilation_rate dtype filters groups kernel_constraint kernel_initializer kernel_regularizer kernel_size name padding strides trainable use_bias",
    keras3:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer data_format dilation_rate dtype filters groups kernel_constraint kernel_initializer kernel_regularizer kernel_size name padding strides trainable use_bias",
  },
  Conv2D: {
    keras2:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer data_format dilation_rate dtype filters groups kernel_constraint kernel_initializer kernel_regularizer kernel_size name padding strides trainable use_bias",
    keras3:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer data_format dilation_rate dtype filters groups kernel_constraint kernel_initializer kernel_regularizer kernel_size name padding strides trainable use_bias",
  },
  DepthwiseConv2D: {
    keras2:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer data_format depth_multiplier depthwise_constraint depthwise_initializer depthwise_regularizer dilation_rate dtype groups kernel_size name padding strides trainable use_bias",
    keras3:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer data_format depth_multiplier depthwise_constraint depthwise_initializer depthwise_regularizer dilation_rate dtype kernel_size name padding strides trainable use_bias",
  },
  SeparableConv2D: {
    keras2:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer data_format depth_multiplier depthwise_constraint depthwise_initializer depthwise_regularizer dilation_rate dtype filters groups kernel_constraint kernel_initializer kernel_regularizer kernel_size name padding pointwise_constraint pointwise_initializer pointwise_regularizer strides trainable use_bias",
    keras3:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer data_format depth_multiplier depthwise_constraint depthwise_initializer depthwise_regularizer dilation_rate dtype filters kernel_size name padding pointwise_constraint pointwise_initializer pointwise_regularizer strides trainable use_bias",
  },
  Conv2DTranspose: {
    keras2:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer data_format dilation_rate dtype filters groups kernel_constraint kernel_initializer kernel_regularizer kernel_size name output_padding padding strides trainable use_bias",
    keras3:
      "activation activity_regularizer bias_constraint bias_initializer bias_regularizer data_format dilation_rate dtype filters kernel_constraint kernel_initializer kernel_regularizer kernel_size name output_padding padding strides trainable use_bias",
  },
  MaxPooling1D: {
    keras2: "data_format dtype name padding pool_size strides trainable",
    keras3: "data_format dtype name padding pool_size strides trainable",
  },
  AveragePooling1D: {
    keras2: "data_format dtype name padding pool_size strides trainable",
    keras3: "data_format dtype name padding pool_size strides trainable",
  },
  MaxPooling2D: {
    keras2: "data_format dtype name padding pool_size strides trainable",
    keras3: "data_format dtype name padding pool_size strides trainable",
  },
  AveragePooling2D: {
    keras2: "data_format dtype name padding pool_size strides trainable",
    keras3: "data_format dtype name padding pool_size strides trainable",
  },
  GlobalMaxPooling1D: {
    keras2: "data_format dtype keepdims name trainable",
    keras3: "data_format dtype keepdims name trainable",
  },
  GlobalAveragePooling1D: {
    keras2: "data_format dtype keepdims name trainable",
    keras3: "data_format dtype keepdims name trainable",
  },
  GlobalMaxPooling2D: {
    keras2: "data_format dtype keepdims name trainable",
    keras3: "data_format dtype keepdims name trainable",
  },
  GlobalAveragePooling2D: {
    keras2: "data_format dtype keepdims name trainable",
    keras3: "data_format dtype keepdims name trainable",
  },
  Normalization: {
    keras2: "axis dtype invert mean name trainable variance",
    keras3: "axis dtype invert mean name trainable variance",
  },
  Identity: {
    keras2: "dtype name trainable",
    keras3: "dtype name trainable",
  },
};
