import { type MediaType, placeWords } from "@advisor/contracts";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { docxParts, heading, makeDocx, makeZip, paragraph, table } from "../../test/make-docx.ts";
import { makePdf } from "../../test/make-pdf.ts";
import { extract } from "./extract.ts";
import { fromUnpacked } from "./from-unpacked.ts";
import { Unreadable } from "./front-matter.ts";
import { createIsolatedReader, type IsolatedReader } from "./isolated-reader.ts";

const reader = createIsolatedReader();
afterAll(() => reader.dispose());

const read = async (bytes: Buffer, format: "pdf" | "docx", by: IsolatedReader = reader) =>
  fromUnpacked(await by.unpack(bytes, format));
const reason = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof Unreadable) return error.reason;
    throw error;
  }
  throw new Error("it was read");
};
const outline = ({ text, blocks }: Awaited<ReturnType<typeof read>>) =>
  blocks.map((block) =>
    block.kind === "heading"
      ? `h${block.depth} ${block.title}`
      : !("units" in block)
        ? block.kind === "place"
          ? placeWords(block.place)
          : "break"
        : `${block.kind} ${text.slice(block.units[0]?.start, block.units.at(-1)?.end)}`,
  );

describe("PDF", () => {
  test("pages are sections that know their number, with paragraphs and the title", async () => {
    const page = ["Every employee gets 27 days", "of paid leave a year.", "", "Ask (HR) first."];
    const pdf = makePdf([page, ["On page two."], [], ["Last."]], { title: "Leave  rules" });
    const found = await read(pdf, "pdf");
    expect(found.title).toBe("Leave rules");
    expect(outline(found)).toEqual([
      "page 1",
      "prose Every employee gets 27 days\nof paid leave a year.",
      "prose Ask (HR) first.",
      "page 2",
      "prose On page two.",
      "page 3",
      "page 4",
      "prose Last.",
    ]);
  });

  test("the outline's headings, a table's rows, and what stands on every page", async () => {
    const page = (number: number, body: string) =>
      `BT /F1 9 Tf 50 820 Td (Handbook of pumps) Tj ET\n${body}\nBT /F1 9 Tf 280 20 Td (Page ${number} of 4) Tj ET`;
    const line = (x: number, y: number, text: string, size = 12) =>
      `BT /F1 ${size} Tf ${x} ${y} Td (${text}) Tj ET`;
    const rows = [
      ["Pump", "Power", "Price"],
      ["P-1", "3 kW", "900"],
      ["P-2 extra", "11 kW", "1700"],
    ].flatMap((cells, r) => cells.map((cell, c) => line(50 + c * 160, 700 - r * 15, cell)));
    const pdf = makePdf([[], [], [], []], {
      contents: [
        page(
          1,
          [
            line(50, 780, "Installing"),
            line(50, 740, "Mount the pump on a vibra-"),
            line(50, 725, "tion pad."),
          ].join("\n"),
        ),
        page(2, [line(50, 740, "Prices"), ...rows, line(50, 640, "Valid until May.")].join("\n")),
        page(
          3,
          [line(50, 780, "Leave well-known seals alone, the well-"), line(50, 765, "known ones too.")].join(
            "\n",
          ),
        ),
        page(4, line(50, 780, "The end.")),
      ],
      outline: [
        { title: "Installing", page: 0 },
        { title: "Prices  and power", page: 1, y: 760 },
        { title: "Loop", page: 99 },
      ],
    });
    const found = await read(pdf, "pdf");
    expect(outline(found)).toEqual([
      "page 1",
      "h1 Installing",
      "prose Mount the pump on a vibration pad.",
      "page 2",
      "h1 Prices and power",
      "prose Prices",
      "table Pump | Power | Price\nP-1 | 3 kW | 900\nP-2 extra | 11 kW | 1700",
      "prose Valid until May.",
      "page 3",
      "prose Leave well-known seals alone, the well-known ones too.",
      "page 4",
      "prose The end.",
    ]);
  });

  test("without an outline, lines in larger type are the headings", async () => {
    const line = (y: number, text: string, size: number) => `BT /F1 ${size} Tf 50 ${y} Td (${text}) Tj ET`;
    const pdf = makePdf([[], []], {
      contents: [
        [
          line(800, "Pumps", 24),
          line(760, "Care", 16),
          line(730, "Oil the pump each week, and look at its seals.", 11),
        ].join("\n"),
        [line(800, "Alone", 24), line(760, "12.5", 24)].join("\n"),
      ],
    });
    expect(outline(await read(pdf, "pdf"))).toEqual([
      "page 1",
      "h1 Pumps",
      "prose Pumps",
      "h2 Care",
      "prose Oil the pump each week, and look at its seals.",
      "page 2",
      "h1 Alone",
      "prose 12.5",
    ]);
  });

  test("ten thousand pages, or an outline without end, cost no more than allowed", async () => {
    const long = makePdf(Array.from({ length: 10_000 }, () => ["Text."]));
    expect(await reason(read(long, "pdf"))).toBe(
      "it has 10000 pages, more than the 5000 read at most; split it",
    );
    const looped = makePdf([["Text."]], { outline: [{ title: "Again", page: 0 }], outlineLoop: true });
    expect((await read(looped, "pdf")).text).toBe("Text.");
    const slow = createIsolatedReader({ limits: { maxMs: 50 } });
    const pages = makePdf(Array.from({ length: 4_000 }, (_, i) => [`Line ${i}.`]));
    expect(await reason(read(pages, "pdf", slow))).toBe("reading it took longer than 0.05 seconds");
    await slow.dispose();
  }, 60_000);

  test("a page tree of any depth is read, or ends at the limit on time", async () => {
    const deep = makePdf([["First."], ["Last."]], { treeDepth: 3_000 });
    expect((await read(deep, "pdf")).text).toBe("First.\n\nLast.");
    const short = createIsolatedReader({ limits: { maxMs: 50 } });
    const deeper = makePdf([["First."]], { treeDepth: 50_000 });
    expect(await reason(read(deeper, "pdf", short))).toBe("reading it took longer than 0.05 seconds");
    await short.dispose();
    expect((await read(makePdf([["Next."]]), "pdf")).text).toBe("Next.");
  }, 60_000);

  test("encrypted, broken, empty and endless ones are refused with a reason", async () => {
    const good = makePdf([["Text."]]);
    expect(await reason(read(makePdf([["Text."]], { encrypted: true }), "pdf"))).toBe(
      "it is encrypted, save it without a password",
    );
    expect(await reason(read(Buffer.from("no PDF at all"), "pdf"))).toMatch(/^it is not a valid PDF \(/);
    expect(await reason(read(good.subarray(0, 40), "pdf"))).toMatch(/^it is not a valid PDF \(/);
    expect(await reason(read(makePdf([[]]), "pdf"))).toMatch(/^it has no text; if it is a scan/);
    // A page tree that lies is believed in nothing: what is there is read.
    expect((await read(makePdf([["Text."]], { claimedPages: 2_000_000 }), "pdf")).text).toBe("Text.");
    const looped = makePdf([["Text."]], { loop: true, claimedPages: 3 });
    expect(await reason(read(looped, "pdf"))).toMatch(/^it is not a valid PDF/);
    const few = createIsolatedReader({ limits: { maxPages: 2, maxLength: 10 } });
    expect(await reason(read(makePdf([["1"], ["2"], ["3"]]), "pdf", few))).toBe(
      "it has 3 pages, more than the 2 read at most; split it",
    );
    expect(await reason(read(makePdf([["A line that is too long."]]), "pdf", few))).toMatch(
      /^its text is longer/,
    );
    await few.dispose();
    // The reader is the same one as before, and well.
    expect((await read(good, "pdf")).text).toContain("Text.");
  });

  test("a stream that unpacks to a hundred times the file ends at the limit on memory or on text, in time", async () => {
    const small = createIsolatedReader({ limits: { maxGrowthBytes: 100 * 1024 * 1024, maxMs: 15_000 } });
    const bomb = makePdf([[]], { content: Buffer.alloc(250 * 1024 * 1024, " ") });
    const why = await reason(read(bomb, "pdf", small));
    expect(why).toMatch(/more memory than allowed|has no text|longer than/);
    expect((await read(makePdf([["Next."]]), "pdf", small)).text).toContain("Next.");
    await small.dispose();
  }, 60_000);
});

describe("DOCX", () => {
  test("headings, paragraphs and tables are read; pictures are never unpacked", async () => {
    const body =
      heading("Pay &amp; leave") +
      paragraph("27 days a year.") +
      table([
        ["Grade", "Pay"],
        ["A1", "100"],
      ]);
    const picture = { name: "word/media/image1.png", data: "x", claimedSize: 4_000_000_000 };
    const found = await read(makeZip([...docxParts(body), picture]), "docx");
    expect(found.title).toBe("Pay & leave");
    expect(outline(found)).toEqual([
      "h1 Pay & leave",
      "prose 27 days a year.",
      "table Grade | Pay\nA1 | 100",
    ]);
  });

  test("bombs, lies, names that climb out, encryption, entities and damage are refused with a reason", async () => {
    const parts = docxParts(paragraph("Text."));
    const extra = (entry: Parameters<typeof makeZip>[0][number]) =>
      reason(read(makeZip([...parts, entry]), "docx"));
    const zeros = Buffer.alloc(80 * 1024 * 1024);
    expect(await extra({ name: "word/bomb.xml", data: zeros })).toMatch(
      /^it would unpack to 81 MiB, more than the 64 MiB/,
    );
    expect(await extra({ name: "word/bomb.xml", data: zeros, claimedSize: 10 })).toContain(
      "does not hold what",
    );
    expect(await extra({ name: "word/x.xml", data: "<a/>", claimedSize: 100 })).toContain(
      "does not hold what",
    );
    for (const name of ["../../evil.xml", "/etc/x.xml", "a\\..\\..\\x.xml", "C:x.xml"])
      expect(await extra({ name, data: "<a/>" })).toMatch(/^its archive names a place outside itself/);
    expect(await extra({ name: "word/document.xml", data: "<a/>" })).toContain("two entries");
    expect(await extra({ name: "x.bin", data: "x", encrypted: true })).toContain("encrypted");
    expect(await extra({ name: "word/y.xml", data: "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>" })).toContain(
      "DOCTYPE",
    );
    const many = Array.from({ length: 10_001 }, (_, i) => ({ name: `f${i}`, data: "" }));
    expect(await reason(read(makeZip(many), "docx"))).toMatch(/^its archive has 10001 entries/);
    expect(await reason(read(Buffer.from("d0cf11e0a1b11ae1", "hex"), "docx"))).toContain("old Word file");
    expect(await reason(read(Buffer.from("PK no archive"), "docx"))).toContain("no ZIP archive");
    expect(await reason(read(makeZip([{ name: "a.xml", data: "<a/>" }]), "docx"))).toMatch(
      /^it is not a valid DOCX \(/,
    );
    expect(await reason(read(makeDocx(""), "docx"))).toBe("it has no text");
    expect(await reason(read(makeDocx(`${"<w:sdt>".repeat(200_000)}`), "docx"))).toMatch(
      /^it is not a valid DOCX|^reading/,
    );
    expect((await read(makeDocx(paragraph("Next.")), "docx")).text).toBe("Next.");
  }, 60_000);
});

describe("the worker", () => {
  test("one that hangs is ended, and the next file gets a new one", async () => {
    const worker = new URL("../../test/worker-hangs.mjs", import.meta.url);
    const hanging = createIsolatedReader({ worker, limits: { maxMs: 300 } });
    const before = performance.now();
    for (let i = 0; i < 2; i++)
      expect(await reason(hanging.unpack(Buffer.from("x"), "pdf"))).toBe(
        "reading it took longer than 0.3 seconds",
      );
    expect(performance.now() - before).toBeLessThan(5000);
    const controller = new AbortController();
    const aborted = reason(
      createIsolatedReader({ worker }).unpack(Buffer.from("x"), "pdf", controller.signal),
    );
    controller.abort();
    expect(await aborted).toContain("aborted");
    await hanging.dispose();
  });

  test("one that hoards memory, in its heap or outside it, is ended, and the process lives on", async () => {
    const worker = new URL("../../test/worker-hoards.mjs", import.meta.url);
    const limits = { maxHeapMebibytes: 32, maxGrowthBytes: 150 * 1024 * 1024, maxMs: 20_000 };
    const hoarding = createIsolatedReader({ worker, limits });
    for (const format of ["pdf", "docx"] as const)
      expect(await reason(hoarding.unpack(Buffer.from("x"), format))).toMatch(/more memory than allowed/);
    await hoarding.dispose();
  }, 60_000);

  test("a worker that cannot start says so", async () => {
    const none = createIsolatedReader({ worker: new URL("../../test/none.mjs", import.meta.url) });
    expect(await reason(none.unpack(Buffer.from("x"), "pdf"))).toContain("it could not be read");
  });

  test("damaged files are read or refused, never worse", async () => {
    const files = {
      pdf: makePdf([["Some text."], ["More text."]], { title: "T" }),
      docx: makeDocx(heading("H") + paragraph("Some text.")),
    };
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("pdf" as const, "docx" as const),
        fc.array(change, { minLength: 1, maxLength: 12 }),
        async (format, changes) => {
          let bytes = Buffer.from(files[format]);
          for (const { at, byte, cut } of changes) {
            if (bytes.length === 0) break;
            if (cut && byte < 32) bytes = bytes.subarray(0, at % bytes.length);
            else bytes[at % bytes.length] = byte;
          }
          try {
            const { text, blocks } = await read(bytes, format);
            for (const block of blocks)
              for (const unit of "units" in block ? block.units : [])
                expect(text.slice(unit.start, unit.end).trim()).not.toBe("");
          } catch (error) {
            expect(error).toBeInstanceOf(Unreadable);
          }
        },
      ),
      { numRuns: 120 },
    );
  }, 60_000);
});

describe("long texts", () => {
  test("give what they give in the main thread, places and reasons included", async () => {
    const texts: [string, MediaType, string][] = [
      [
        "---\ntitle: T\nroles: [a]\n---\n# One\n\nFirst. Second.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n",
        "text/markdown",
        "a.md",
      ],
      ["<html><title>T</title><main><h1>One</h1><p>First.</p></main></html>", "text/html", "a.html"],
      ["a,b\n1,2\n3,4\n", "text/csv", "a.csv"],
      ['{"a":1}\nno\n{"a":2}\n', "application/x-ndjson", "a.jsonl"],
      ["export const a = 1;\n\nfunction b() {}\n", "text/x-source-code", "a.ts"],
      ["One.\n\nTwo.", "text/plain", "a.txt"],
    ];
    for (const [content, mediaType, uri] of texts)
      expect(await reader.readText({ content, mediaType, uri })).toEqual(extract(content, mediaType, uri));
    const content = "---\nroles: [1]\n---\nText";
    expect(await reason(reader.readText({ content, mediaType: "text/markdown", uri: "a.md" }))).toBe(
      await reason((async () => extract(content, "text/markdown", "a.md"))()),
    );
  });

  test("that take too long are given up, and the next is read", async () => {
    const quick = createIsolatedReader({ limits: { maxMs: 3000 } });
    try {
      const content = "---\n".repeat(1_000_000);
      const slow = quick.readText({ content, mediaType: "text/markdown", uri: "rules.md" });
      expect(await reason(slow)).toContain("took longer than 3 seconds");
      const next = await quick.readText({ content: "One.", mediaType: "text/plain", uri: "a.txt" });
      expect(next.text).toBe("One.");
    } finally {
      await quick.dispose();
    }
  });
});
