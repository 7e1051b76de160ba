import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const SECTIONS_A_PAGE = 10;

/**
 * Pages that people wrote, as documents: consecutive sections of `natural.jsonl.gz` in a folder, whose lines are
 * `{"h": heading, "s": [sentences]}`. Undefined when it is not there. The corpus is in the order of its sources, so that the
 * first half and the second one have none in common.
 */
export function naturalPages(folder, half) {
  const file = join(folder, "natural.jsonl.gz");
  if (!existsSync(file)) return undefined;
  const lines = gunzipSync(readFileSync(file)).toString("utf8").split("\n").filter(Boolean);
  const middle = Math.floor(lines.length / 2);
  const chosen = half === "first" ? lines.slice(0, middle) : half === "second" ? lines.slice(middle) : lines;
  const documents = [];
  for (let at = 0; at < chosen.length; at += SECTIONS_A_PAGE) {
    const text = chosen
      .slice(at, at + SECTIONS_A_PAGE)
      .map((line, index) => {
        const { h, s } = JSON.parse(line);
        return `${index === 0 ? "#" : "##"} ${h}\n\n${s.join(" ")}\n`;
      })
      .join("\n");
    documents.push({ uri: `${nameOf(at / SECTIONS_A_PAGE)}.md`, text });
  }
  return documents;
}

/** A name in letters alone: a number in it would say that the page holds for one case of many. */
function nameOf(index) {
  return String(index)
    .padStart(4, "0")
    .replace(/\d/g, (digit) => "bcdfghjklm"[Number(digit)]);
}
