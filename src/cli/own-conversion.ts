/** @file What `check A` compares A with: its own conversion to TensorFlow.js, in a temporary folder that goes again. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convert } from "../convert/convert.ts";
import { type OpenedModel, readModelPath } from "../dialects/read.node.ts";
import { openDestination } from "../formats/destination.node.ts";

/** Throws `convert.refused` as `convert` does. Dispose it: it holds a folder. */
export async function ownConversion(
  path: string,
  options: { readonly architecture?: string },
): Promise<OpenedModel> {
  const folder = await mkdtemp(join(tmpdir(), "vernier-"));
  const remove = async (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await using source = await readModelPath(path, options);
    const conversion = await convert(source.model, { to: "tfjs" });
    await using destination = await openDestination(join(folder, "model"), {
      kind: "folder",
      overwrite: false,
    });
    const staged = await destination.stage(conversion.files);
    const written = await staged.commit();
    const opened = await readModelPath(written.at(-1) ?? staged.path);
    return {
      ...opened,
      label: `${path}, converted to TensorFlow.js`,
      async [Symbol.asyncDispose]() {
        await opened[Symbol.asyncDispose]();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
