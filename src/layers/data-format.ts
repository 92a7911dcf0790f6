/**
 * @file Which axis holds the channels: "channels_first" or "channels_last"; Keras 1 says `dim_ordering` "th" or "tf".
 *
 * `null` means the writer's own default, and Keras ships with channels_last.
 */

import { invalid } from "../base/decode.ts";
import { type DialectDecoder, type Field, optional } from "./define.ts";

export type DataFormat = "channels_first" | "channels_last";

const dataFormat: DialectDecoder<DataFormat> = {
  decodeIn(json, dialect, where) {
    switch (json) {
      case "channels_first":
      case "th":
        return "channels_first";
      case "channels_last":
      case "tf":
        return "channels_last";
      case null:
      case "default":
        return dialect === "keras1-theano" ? "channels_first" : "channels_last";
      default:
        throw invalid('"channels_last" or "channels_first"', json, where);
    }
  },
};

export const data_format: Field<DataFormat> = optional(dataFormat, "channels_last", {
  fallbacks: { "keras1-theano": "channels_first" },
  spellings: { "keras1-theano": ["dim_ordering"], "keras1-tensorflow": ["dim_ordering"] },
});
