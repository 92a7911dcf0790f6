/** @file The page for users of the Python converter leaves none of its options and formats out. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** tensorflowjs 4.22.0, converters/converter.py (`get_arg_parser`) and converters/common.py. */
const OPTIONS = `input_path output_path --input_format --output_format --signature_name --saved_model_tags
  --quantize_float16 --quantize_uint8 --quantize_uint16 --quantization_bytes --split_weights_by_layer --version
  --skip_op_check --strip_debug_ops --use_structured_outputs_names --weight_shard_size_bytes --output_node_names
  --control_flow_v2 --experiments --metadata`.split(/\s+/);
const INPUTS =
  "keras keras_keras keras_saved_model tf_saved_model tf_hub tf_frozen_model tfjs_layers_model".split(" ");
const OUTPUTS = "keras keras_keras keras_saved_model tfjs_layers_model tfjs_graph_model".split(" ");

const page = readFileSync(join(import.meta.dirname, "../../docs/from-tensorflowjs-converter.md"), "utf8");

/** What stands in code in the first column of the table with this heading. */
function firstColumn(heading: string): string[] {
  const [, ...rows] = (page.split(`| ${heading} | Here |`)[1]?.split(/\n(?!\|)/)[0] ?? "").split("\n| ");
  return rows.flatMap((row) =>
    [...(row.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code),
  );
}

test.each([
  ["Option", OPTIONS],
  ["`--input_format`", INPUTS],
  ["`--output_format`", OUTPUTS],
])("every %s of tensorflowjs_converter 4.22 has a row", (heading, names) => {
  expect(firstColumn(heading)).toEqual(expect.arrayContaining(names));
});
