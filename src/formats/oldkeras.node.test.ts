/** @file Files that old Keras really wrote: Keras 2.3 and tf_keras are read, Keras 1 is refused by name. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readKerasH5 } from "./keras-h5.ts";
import { openPath } from "./path.node.ts";

const root = fileURLToPath(new URL("../../../shared/oldkeras", import.meta.url));
const present = existsSync(root);
if (!present) process.stdout.write(`skipped: the files of old Keras are not at ${root}\n`);
/** Of some 200 models a folder, every 40th: the layout is the same in all. */
const EVERY = 40;

function modelsIn(folder: string): string[] {
  const target = mkdtempSync(join(tmpdir(), "vernier-oldkeras-"));
  const { status, stderr } = spawnSync("tar", ["xf", join(root, folder, "fixtures_0.tar.xz"), "-C", target], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  const files = readdirSync(target, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".h5"))
    .sort();
  return files.filter((_, i) => i % EVERY === 0).map((name) => join(target, name));
}

describe.skipIf(!present)("old Keras", () => {
  test.each(["keras231-tf", "keras231-theano", "tfkeras"])(
    "%s is read",
    { timeout: 60_000 },
    async (folder) => {
      const models = modelsIn(folder);
      expect(models.length).toBeGreaterThan(0);
      for (const path of models) {
        const opened = await openPath(path);
        const model = await readKerasH5(await opened.hdf5());
        expect(model.backend).toBe(folder.endsWith("theano") ? "theano" : "tensorflow");
        expect(model.kerasVersion).toMatch(folder === "tfkeras" ? /^2\.21/ : /^2\.3/);
        expect(model.modelConfig?.["class_name"]).toEqual(expect.any(String));
        for (const group of model.weightGroups)
          for (const weight of group.weights) expect((await weight.read()).shape).toEqual(weight.shape);
        await opened.close();
      }
    },
  );

  test.each(["keras122-tf", "keras122-theano"])("%s is refused", { timeout: 60_000 }, async (folder) => {
    for (const path of modelsIn(folder)) {
      const opened = await openPath(path);
      await expect(readKerasH5(await opened.hdf5())).rejects.toMatchObject({
        code: "file.unsupported",
        message: /Keras 1\.2\.2/,
      });
      await opened.close();
    }
  });
});
