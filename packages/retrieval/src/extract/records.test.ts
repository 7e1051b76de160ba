import { placeWords } from "@advisor/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkAll } from "../../test/chunk-all.ts";
import { extract } from "./extract.ts";
import { Unreadable } from "./front-matter.ts";

const settings = {
  title: "file",
  maxTokens: 240,
  countTokens: (texts: readonly string[]) => texts.map((text) => Math.ceil(text.length / 4)),
};
const units = (source: string, mediaType: Parameters<typeof extract>[1]) => {
  const { text, blocks } = extract(source, mediaType);
  return blocks.flatMap((block) =>
    "units" in block ? block.units.map(({ start, end }) => text.slice(start, end)) : [],
  );
};
const passages = (source: string, mediaType: Parameters<typeof extract>[1]) => {
  const { text, blocks } = extract(source, mediaType);
  return chunkAll(text, blocks, settings).map(({ start, end, headings, place }) => ({
    headings,
    place: place && placeWords(place),
    text: text.slice(start, end),
  }));
};
const reason = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof Unreadable) return error.reason;
    throw error;
  }
  throw new Error("it was read");
};

describe("CSV", () => {
  test("a row is a unit as written: quotes, line breaks in cells, a byte-order mark, other alphabets", () => {
    const csv =
      '\ufeffname,price\r\n"Lamp ""big""\nof two lines",3 €\r\n\r\nStuhl,"4,50"\r\n"日本",5\nlast,"6"';
    expect(units(csv, "text/csv")).toEqual([
      '"Lamp ""big""\nof two lines",3 €',
      'Stuhl,"4,50"',
      '"日本",5',
      'last,"6"',
    ]);
    expect(extract(csv, "text/csv").text).toBe(csv);
  });

  test("every passage of it knows the columns and its rows", () => {
    const rows = Array.from({ length: 40 }, (_, i) => `SKU-${1000 + i},A thing of a certain kind,${i}.99`);
    const found = passages(["sku,description,price", ...rows].join("\n"), "text/csv");
    expect(found.length).toBeGreaterThan(3);
    for (const { headings } of found) expect(headings).toEqual(["sku, description, price"]);
    expect(found[0]?.place).toMatch(/^rows 2–\d+$/);
    expect(found.at(-1)?.place).toMatch(/^rows? .*41$/);
    expect(found.map(({ text }) => text).join("\n")).toBe(rows.join("\n"));
  });

  test("large rows are never in a passage with another", () => {
    const long = (word: string) => `${word},"${`${word} is a long story. `.repeat(20)}"`;
    const found = passages(`name,story\n${long("apple")}\n${long("pear")}\nfig,short\n`, "text/csv");
    for (const { text } of found) expect(/apple/.test(text) && /pear/.test(text)).toBe(false);
    expect(found.map(({ place }) => place)).toContain("row 3");
  });

  test("the delimiter is found, and a number in the first row makes it a row", () => {
    expect(passages("a;b\n1;2,5\n", "text/csv")[0]).toEqual({
      headings: ["a, b"],
      place: "row 2",
      text: "1;2,5",
    });
    expect(passages("x\t1\ny\t2\n", "text/tab-separated-values")[0]).toEqual({
      headings: [],
      place: "rows 1–2",
      text: "x\t1\ny\t2",
    });
    expect(units("only,names\n", "text/csv")).toEqual(["only,names"]);
  });

  test("ragged rows are read and named, a few of them", () => {
    const { warnings } = extract("a,b\n1,2,3\n4,5\n6\n", "text/csv");
    expect(warnings).toEqual([
      { code: "ragged_row", message: "row 2 has 3 cells, the first row has 2" },
      { code: "ragged_row", message: "row 4 has 1 cell, the first row has 2" },
    ]);
    const many = extract(`a,b\n${"1\n".repeat(500)}`, "text/csv").warnings;
    expect(many).toHaveLength(21);
    expect(many.at(-1)?.message).toContain("480 more");
  });

  test("an open quote and a giant row are refused, naming the row", () => {
    expect(reason(() => extract('a,b\n1,2\n"x,1\ny,2\n', "text/csv"))).toBe(
      "row 3 opens a quote that is never closed",
    );
    expect(reason(() => extract(`a,b\n${"z".repeat(1024 * 1024 + 10)},1\n`, "text/csv"))).toMatch(
      /^row 2 is over 1 MiB/,
    );
  });

  test("front matter sets its rule, a broken one is refused", () => {
    const read = extract("---\nroles: [hr]\n---\nname,pay\nAnn,100\n", "text/csv");
    expect(read.roles).toEqual(["hr"]);
    expect(units("---\nroles: [hr]\n---\nname,pay\nAnn,100\n", "text/csv")).toEqual(["Ann,100"]);
    expect(reason(() => extract("---\nrole: hr\n---\nname\nAnn\n", "text/csv"))).toContain("roles");
  });

  test("whatever table is written comes back row by row, from its own offsets", () => {
    const cell = fc.string({
      unit: fc.constantFrom("a", " ", ",", '"', "\n", "\r\n", "é", "😀", ";", "\t", "1"),
    });
    const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 12 });
    const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(table, fc.constantFrom("\n", "\r\n"), fc.boolean(), (rows, newline, bom) => {
        const lines = rows.map(([a, b]) => `${quoted(`x${a}`)},${quoted(b)}`);
        const source = `${bom ? "\ufeff" : ""}name,1\n${lines.join(newline)}`;
        expect(units(source, "text/csv")).toEqual(["name,1", ...lines]);
      }),
    );
  });

  test("any text at all is read or refused with a reason", () => {
    const piece = fc.constantFrom('"', ",", "\n", "\r", "a", "\t", "\ud800", "é", "---", "{", "}", "1");
    const kind = fc.constantFrom("text/csv", "text/tab-separated-values", "application/x-ndjson");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), kind, (pieces, mediaType) => {
        try {
          const { text, blocks } = extract(pieces.join(""), mediaType as "text/csv");
          let last = 0;
          for (const block of blocks)
            for (const { start, end } of "units" in block ? block.units : []) {
              expect(start).toBeGreaterThanOrEqual(last);
              expect(end).toBeGreaterThan(start);
              expect(end).toBeLessThanOrEqual(text.length);
              last = end;
            }
        } catch (error) {
          expect(error).toBeInstanceOf(Unreadable);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("JSONL", () => {
  test("a line is a unit; one that is not JSON is left out and named", () => {
    const source = '\ufeff{"id":1,"text":"Ann"}\r\n\n{"id":2,\n{"id":3}';
    expect(units(source, "application/x-ndjson")).toEqual(['{"id":1,"text":"Ann"}', '{"id":3}']);
    expect(extract(source, "application/x-ndjson").warnings).toEqual([
      { code: "record_skipped", message: "line 3 is not valid JSON, it was left out" },
    ]);
  });

  test("no passage reaches over a line that was left out, however long it is", () => {
    const source = `{"a":1}\n{"b":\n\n{"c":2}\n{"d":3}\n"${"x".repeat(1024 * 1024)}"\n{"e":4}`;
    expect(passages(source, "application/x-ndjson").map(({ text, place }) => [text, place])).toEqual([
      ['{"a":1}', "line 1"],
      ['{"c":2}\n{"d":3}', "lines 4–5"],
      ['{"e":4}', "line 7"],
    ]);
  });

  test("deep nesting and giant lines are left out or read, in time", () => {
    const deep = `${"[".repeat(400_000)}${"]".repeat(400_000)}`;
    const source = `{"a":1}\n${deep}\n"${"x".repeat(1024 * 1024)}"\n`;
    const { warnings } = extract(source, "application/x-ndjson");
    expect(warnings.at(-1)?.message).toBe("line 3 is over 1 MiB, it was left out");
    expect(reason(() => extract("nothing\nhere", "application/x-ndjson"))).toBe("no line of it is JSON");
  });
});
