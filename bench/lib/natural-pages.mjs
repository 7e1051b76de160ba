import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const SECTIONS_A_PAGE = 10;

/** Pages of one size and more are data. */
const MAX_PAGE_BYTES = 200_000;

/**
 * Pages that people wrote, as documents: consecutive sections of `natural.jsonl.gz` in a folder, whose lines are
 * `{"h": heading, "s": [sentences]}`, or else the folder's Markdown pages, each text once. Undefined when there are none.
 * Both are in the order of their sources, so that the first half and the second one have few or none in common.
 */
export function naturalPages(folder, half) {
  const file = join(folder, "natural.jsonl.gz");
  if (!existsSync(file)) return markdownPages(folder, half);
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

function markdownPages(folder, half) {
  if (!existsSync(folder)) return undefined;
  const texts = new Map();
  for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
    if (!/\.md$/i.test(name)) continue;
    const path = join(folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats?.isFile() || stats.size > MAX_PAGE_BYTES) continue;
    const text = readFileSync(path, "utf8");
    if (!texts.has(text)) texts.set(text, name);
  }
  const pages = [...texts].map(([text, name]) => ({ uri: name, text }));
  const middle = Math.floor(pages.length / 2);
  if (pages.length === 0) return undefined;
  return half === "first" ? pages.slice(0, middle) : half === "second" ? pages.slice(middle) : pages;
}

/** A name in letters alone: a number in it would say that the page holds for one case of many. */
function nameOf(index) {
  return String(index)
    .padStart(4, "0")
    .replace(/\d/g, (digit) => "bcdfghjklm"[Number(digit)]);
}
