import { truncate, widthOf } from "./width.ts";

/** Wraps each line of a text at spaces. A word longer than a line stands alone and is not cut. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line.trimEnd(), width));
}

function wrapLine(line: string, width: number): string[] {
  const lead = /^\s*/.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let current = lead;
  let used = widthOf(lead);
  let empty = true;
  for (const word of line.slice(lead.length).split(/\s+/)) {
    const columns = widthOf(word);
    if (!empty && used + 1 + columns > width) {
      lines.push(current);
      current = lead;
      used = widthOf(lead);
      empty = true;
    }
    current += empty ? word : ` ${word}`;
    used += (empty ? 0 : 1) + columns;
    empty = false;
  }
  lines.push(current);
  return lines;
}

/** Joins parts into lines; a line breaks between two parts, never inside one. */
export function wrapParts(parts: readonly string[], separator: string, width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const longer = `${last}${separator}${part}`;
    if (last !== undefined && widthOf(longer.trimEnd()) <= width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

/** The first lines; where some are left out, the last one ends with an ellipsis. */
export function firstLines(lines: readonly string[], count: number, width: number): string[] {
  if (lines.length <= count) return [...lines];
  let last = lines[count - 1] as string;
  while (widthOf(last) > width - 2 && last.includes(" ")) last = last.slice(0, last.lastIndexOf(" "));
  return [...lines.slice(0, count - 1), `${truncate(last, width - 2)} …`];
}

/** Every line behind a margin; the first one behind `first`, when given. */
export function indent(lines: readonly string[], margin: string, first = margin): string {
  return lines.map((line, index) => `${index === 0 ? first : line === "" ? "" : margin}${line}`).join("\n");
}

export interface StreamWrapper {
  push(text: string): void;
  /** Writes the last word. */
  end(): void;
}

/** Wraps text that arrives in pieces, as a model writes it: a word is written once its end is known. */
export function createStreamWrapper(width: number, write: (text: string) => void): StreamWrapper {
  let word = "";
  let space = "";
  let column = 0;

  const flush = () => {
    if (word === "") return;
    const columns = widthOf(word);
    if (column > 0 && column + space.length + columns > width) {
      write("\n");
      column = 0;
      space = "";
    }
    write(space + word);
    column += space.length + columns;
    space = "";
    word = "";
  };

  return {
    push(text) {
      for (const character of text) {
        if (character === "\n") {
          flush();
          space = "";
          write("\n");
          column = 0;
        } else if (character === " " || character === "\t") {
          flush();
          space = column === 0 ? space + character : " ";
        } else {
          word += character;
        }
      }
    },
    end() {
      flush();
      space = "";
    },
  };
}
