/** @file The arithmetics of the GPU backends: for now those of wasm. */
import { TFJS_WASM_FLOAT32 } from "./engines.ts";
export const TFJS_WEBGL_FLOAT32 = TFJS_WASM_FLOAT32;
export const TFJS_WEBGPU_FLOAT32 = TFJS_WASM_FLOAT32;
