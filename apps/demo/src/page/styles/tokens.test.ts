import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const [light = "", dark = ""] = css.split("@media (prefers-color-scheme: dark)");

const coloursOf = (part: string) =>
  new Map(
    [...part.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value as string]),
  );

/** Relative luminance and contrast as WCAG 2.2 defines them (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Words, and the grounds they stand on. */
const TEXT: readonly (readonly [string, readonly string[]])[] = [
  ["ink", ["paper", "surface", "sunken", "knowledge-soft"]],
  ["quiet", ["paper", "surface", "sunken"]],
  ["plain", ["surface"]],
  ["knowledge", ["paper", "surface", "knowledge-soft"]],
  ["behaviour", ["paper", "surface"]],
  ["both", ["surface"]],
  ["good", ["surface", "sunken"]],
  ["warn", ["warn-soft", "sunken"]],
  ["bad", ["surface", "sunken", "bad-soft"]],
];

describe.each([
  ["light", coloursOf(light)],
  ["dark", coloursOf(dark)],
])("the %s scheme", (_, colours) => {
  const colour = (name: string) => {
    const value = colours.get(name);
    if (!value) throw new Error(`No colour ${name}.`);
    return value;
  };

  it.each(TEXT)("shows %s legibly (AA, 4.5:1)", (name, grounds) => {
    for (const ground of grounds) expect(contrast(colour(name), colour(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it("draws lines that mean something at 3:1", () => {
    for (const ground of ["paper", "surface"]) {
      expect(contrast(colour("line-strong"), colour(ground))).toBeGreaterThanOrEqual(3);
    }
  });
});
