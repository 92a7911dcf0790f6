/** @file TF.js's maxima on a GPU begin with −1e20, not with −∞: what lies below comes out as that. */

import type { KnownFault } from "../model/layer.ts";

const fault = (engines: readonly string[], file: string) =>
  ({
    id: "gpu-maximum-start",
    engines,
    applies: () => true,
    onlyFor: "values below −1e20",
    why: "a maximum begins with −1e20, so that smaller numbers come out as that",
    remedy: "keep what reaches the layer above −1e20, or run another backend",
    link: `https://github.com/tensorflow/tfjs/blob/tfjs-v4.22.0/${file}`,
  }) satisfies KnownFault & { engines: readonly string[]; applies(): boolean };

export const GPU_POOLED_MAXIMUM = fault(["tfjs:webgl", "tfjs:webgpu"], "tfjs-backend-webgl/src/pool_gpu.ts");
export const GPU_REDUCED_MAXIMUM = fault(["tfjs:webgl"], "tfjs-backend-webgl/src/reduce_gpu.ts");
/** Of Activation. Behind a product so far down nothing is claimed of a softmax: its rounding alone moves that anywhere. */
export const GPU_SOFTMAX_MAXIMUM = {
  ...GPU_REDUCED_MAXIMUM,
  applies: ({ activation }: { readonly activation: string }): boolean => activation.endsWith("softmax"),
};
