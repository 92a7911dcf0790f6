/**
 * @file Converts the model that the user chose, in the page: nothing is uploaded. Any bundler makes the page's script:
 * `npx rolldown main.js --platform browser --minify --file bundle.js`.
 */

import { blobOf, convert, inspect, isVernierError, readModel, zipOf } from "vernier";

const page = {
  form: document.querySelector("fieldset"),
  files: document.querySelector("#files"),
  target: document.querySelector("#target"),
  said: document.querySelector("#said"),
  link: document.querySelector("#download"),
};

page.files.addEventListener("change", run);
page.target.addEventListener("change", run);

async function run() {
  const files = [...page.files.files];
  if (files.length === 0) return;
  URL.revokeObjectURL(page.link.href);
  page.link.hidden = true;
  page.form.disabled = true;
  say("Reading…");
  try {
    // A TensorFlow.js model is several files: model.json and the weight files beside it, chosen together.
    const main = files.find(({ name }) => name === "model.json") ?? files[0];
    await using source = await readModel(main, {
      openBeside: (path) => files.find(({ name }) => name === path.split("/").at(-1)) ?? null,
    });
    const { layers, writer } = inspect(source);
    const to = page.target.value;
    const { files: written, problems } = await convert(source, { to, name: `model.${to}` });
    // One file is offered as it is, a folder as a zip.
    const [first] = written;
    const result = written.length === 1 ? first : zipOf(written, "model.zip");
    page.link.href = URL.createObjectURL(await blobOf(result));
    page.link.download = result.name;
    page.link.textContent = `Download ${result.name} (${result.sizeBytes.toLocaleString("en")} bytes)`;
    page.link.hidden = false;
    say(
      `${main.name}: ${layers.length} layers, written by ${writer ?? "an unknown writer"}.`,
      ...problems
        .filter(({ severity }) => severity !== "note")
        .map(({ message, hint }) => `${message}; ${hint}`),
    );
  } catch (error) {
    if (!isVernierError(error)) throw error;
    say(`Not converted: ${error.message}`, `at ${error.where}`, error.hint);
  } finally {
    page.form.disabled = false;
  }
}

/** @param {string[]} lines */
function say(...lines) {
  page.said.replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("p");
      item.textContent = line;
      return item;
    }),
  );
}
