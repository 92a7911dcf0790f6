/** @file How a screen is laid out: labels on the left, text wrapped beside them, 80 columns, colour by role. */

export const WIDTH = 80;

export type Role = "good" | "bad" | "unknown" | "quiet" | "strong";

/** Colours are the command line's business; a screen only says what a word is. */
export type Style = (role: Role, text: string) => string;

export const plain: Style = (_role, text) => text;

/** Columns that a text takes; combined characters and wide scripts are counted as terminals draw them. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text.normalize("NFC")) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(character)) continue;
    width +=
      /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Extended_Pictographic}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

export const pad = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - widthOf(text)));

/** Lines of at most `width` columns, broken at spaces; a longer word gets a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line === "") line = word;
      else if (widthOf(line) + 1 + widthOf(word) <= width) line += ` ${word}`;
      else {
        lines.push(line);
        line = word;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** A name that is too long loses its middle: `block_14_exp…nd_BN/gamma`. */
export function cutMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const characters = [...text];
  let head = Math.ceil((width - 1) / 2);
  let tail = Math.floor((width - 1) / 2);
  const shown = (): string =>
    `${characters.slice(0, head).join("")}…${characters.slice(characters.length - tail).join("")}`;
  while (widthOf(shown()) > width && head + tail > 0) {
    if (head >= tail) head--;
    else tail--;
  }
  return shown();
}

/** `  label     text` with the text's further lines below its first. */
export function entry(label: string, text: string, style: Style = plain): string[] {
  const lines = wrap(text, WIDTH - 12);
  return lines.map((line, i) =>
    i === 0 ? `  ${style("quiet", pad(label, 9))} ${line}` : `${" ".repeat(12)}${line}`,
  );
}

/** The first line: `  DIFFER    The models …`. */
export function verdictLine(role: Role, word: string, sentence: string, style: Style): string[] {
  const label = word.length < 10 ? pad(word, 10) : `${word}   `;
  const lines = wrap(sentence, WIDTH - 2 - label.length);
  return lines.map((line, i) =>
    i === 0
      ? `  ${style(role, label)}${style("strong", line)}`
      : `${" ".repeat(2 + label.length)}${style("strong", line)}`,
  );
}

/** Two ends of one line, the second flush right where there is room. */
export function spread(left: string, right: string): string[] {
  const gap = WIDTH - widthOf(left) - widthOf(right);
  return gap < 2 ? [left, right.padStart(WIDTH)] : [left + " ".repeat(gap) + right];
}
