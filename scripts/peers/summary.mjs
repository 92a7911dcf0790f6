/** @file The results as tables and grouped reasons. */

const STATUSES = ["right", "wrong", "refused", "crashed"];
const SHOWN_REASONS = 25;

/** Names and numbers differ from case to case; what is left is the reason. */
const reasonOf = ({ code, reason = "" }) =>
  `${code === undefined ? "" : `${code}: `}${reason}`
    .replace(/(layer class )?"([^"]*)"/g, (_, layer, name) =>
      layer === undefined ? '"…"' : `${layer}${name}`,
    )
    .replace(/^(convert\.refused: ).*?: \S+: /, "$1")
    .replace(/\s+/g, " ")
    .replace(/\[[^\]]*\]/g, "[…]")
    .replace(/-?\d+(\.\d+)?(e[-+]?\d+)?/g, "#")
    .slice(0, 160);

function table(title, rows, keyOf) {
  const counts = new Map();
  for (const row of rows) {
    const line = counts.get(keyOf(row)) ?? Object.fromEntries(STATUSES.map((status) => [status, 0]));
    line[row.status]++;
    counts.set(keyOf(row), line);
  }
  const lines = [...counts].toSorted(([x], [y]) => (x < y ? -1 : 1));
  const total = Object.fromEntries(
    STATUSES.map((status) => [status, rows.filter((row) => row.status === status).length]),
  );
  const shown = ([name, line]) =>
    name.padEnd(52) + STATUSES.map((status) => String(line[status]).padStart(9)).join("");
  return [
    title.padEnd(52) + STATUSES.map((status) => status.padStart(9)).join(""),
    ...lines.map(shown),
    shown(["all", total]),
  ].join("\n");
}

function reasons(rows, status) {
  const groups = new Map();
  for (const row of rows.filter((one) => one.status === status))
    groups.set(reasonOf(row), [...(groups.get(reasonOf(row)) ?? []), row]);
  const sorted = [...groups].toSorted(([, x], [, y]) => y.length - x.length);
  if (sorted.length === 0) return "";
  const shown = sorted.slice(0, SHOWN_REASONS).map(([reason, group]) => {
    const { id, file, to } = group[0];
    return `${String(group.length).padStart(6)}  ${reason}   (${id}/${file}${to === undefined ? "" : ` → ${to}`})`;
  });
  const left = sorted.length - shown.length;
  return `\n${status}:\n${shown.join("\n")}${left > 0 ? `\n        and ${left} more reasons` : ""}`;
}

/** Right by what `check` derives for this model and input, not by the cases' own tolerance. */
function beyondTolerance(results) {
  const found = results.filter(({ beyond }) => beyond !== undefined);
  return found.length === 0
    ? ""
    : `\nright within their derived bounds, beyond the cases' tolerance:\n${found
        .map(({ id, file, beyond }) => `        ${id}/${file}: ${beyond}`)
        .join("\n")}`;
}

export function summarize(results) {
  const back = results.flatMap(({ id, source, file, back: all }) =>
    all.map((one) => ({ ...one, id, source, file })),
  );
  const parts = [
    table("to TF.js, by source", results, ({ source }) => source),
    table("to TF.js, by file", results, ({ file }) => file),
    beyondTolerance(results),
    ...["wrong", "crashed", "refused"].map((status) => reasons(results, status)),
  ];
  if (back.length > 0) {
    parts.push(
      table("TF.js to Keras, by source", back, ({ source }) => source),
      table(
        "TF.js to Keras, by file",
        back,
        ({ to, package: pack }) => `${to}${pack === null ? "" : ` in ${pack}`}`,
      ),
      ...["wrong", "crashed", "refused"].map((status) => reasons(back, status)),
    );
  }
  const failed = [...results, ...back].some(({ status }) => status === "wrong" || status === "crashed");
  return { text: parts.filter((part) => part !== "").join("\n\n"), failed };
}
