import { deflateSync } from "node:zlib";

export interface PdfOptions {
  readonly title?: string;
  /** Claims to be encrypted, with a key that no password opens. */
  readonly encrypted?: boolean;
  /** What the page tree says of its number of pages. */
  readonly claimedPages?: number;
  /** The first page is its own parent's parent. */
  readonly loop?: boolean;
  /** Nodes of the page tree above the pages, each the one child of the one before it. Default 1. */
  readonly treeDepth?: number;
  /** Instead of the lines: bytes of the content streams, deflated. */
  readonly content?: Buffer;
  /** Instead of the lines: the content stream of each page. */
  readonly contents?: readonly string[];
  readonly outline?: readonly { readonly title: string; readonly page: number; readonly y?: number }[];
  /** The last entry of the outline is followed by the first. */
  readonly outlineLoop?: boolean;
}

/** A PDF of one font, written by hand (ISO 32000-1): a list of lines for each page, two lines' space at an empty one. */
export function makePdf(pages: readonly (readonly string[])[], options: PdfOptions = {}): Buffer {
  const objects: Buffer[] = [];
  const add = (body: string | Buffer) => objects.push(Buffer.from(body));
  const kids = pages.map((_, i) => `${5 + i * 2} 0 R`);
  const { outline = [] } = options;
  const root = 5 + pages.length * 2;
  const below = root + (outline.length > 0 ? 1 + outline.length : 0);
  const depth = options.treeDepth ?? 1;
  const count = options.claimedPages ?? pages.length;
  const leaf = depth === 1 ? 2 : below + depth - 2;
  add(`<< /Type /Catalog /Pages 2 0 R ${outline.length > 0 ? `/Outlines ${root} 0 R` : ""} >>`);
  const loop = options.loop ? "2 0 R " : "";
  const node = (object: number, parent: string, children: string) =>
    `<< /Type /Pages ${parent} /Kids [${object === leaf ? children : `${object === 2 ? below : object + 1} 0 R`}] /Count ${count} >>`;
  const children = `${loop}${kids.join(" ")}`;
  add(node(2, "", children));
  add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
  add(`<< /Title (${escaped(options.title ?? "")}) >>`);
  for (const [i, lines] of pages.entries()) {
    add(
      `<< /Type /Page /Parent ${leaf} 0 R /MediaBox [0 0 595 842] /Contents ${6 + i * 2} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
    );
    const shown = lines.map((line) => (line === "" ? "T*" : `(${escaped(line)}) Tj T*`)).join("\n");
    const data = deflateSync(
      options.content ??
        Buffer.from(options.contents?.[i] ?? `BT /F1 12 Tf 14 TL 50 800 Td\n${shown}\nET`, "latin1"),
    );
    const head = `<< /Length ${data.length} /Filter /FlateDecode >>\nstream\n`;
    add(Buffer.concat([Buffer.from(head), data, Buffer.from("\nendstream")]));
  }
  if (outline.length > 0) {
    add(
      `<< /Type /Outlines /First ${root + 1} 0 R /Last ${root + outline.length} 0 R /Count ${outline.length} >>`,
    );
    for (const [i, { title, page, y }] of outline.entries()) {
      const after = i + 1 < outline.length ? root + 2 + i : options.outlineLoop ? root + 1 : undefined;
      const next = after === undefined ? "" : `/Next ${after} 0 R`;
      const target = y === undefined ? "/Fit" : `/XYZ 0 ${y} null`;
      add(
        `<< /Title (${escaped(title)}) /Parent ${root} 0 R ${next} /Dest [${5 + page * 2} 0 R ${target}] >>`,
      );
    }
  }
  for (let object = below; object <= leaf; object++) {
    add(node(object, `/Parent ${object === below ? 2 : object - 1} 0 R`, children));
  }
  const parts: Buffer[] = [Buffer.from("%PDF-1.4\n")];
  const offsets: number[] = [];
  let at = parts[0]?.length ?? 0;
  for (const [i, body] of objects.entries()) {
    offsets.push(at);
    const whole = Buffer.concat([Buffer.from(`${i + 1} 0 obj\n`), body, Buffer.from("\nendobj\n")]);
    parts.push(whole);
    at += whole.length;
  }
  const key = "00".repeat(32);
  const encrypt = options.encrypted
    ? `/Encrypt << /Filter /Standard /V 1 /R 2 /O <${key}> /U <${key}> /P -4 >> /ID [<${key}> <${key}>]`
    : "";
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 4 0 R ${encrypt} >>\nstartxref\n${at}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

function escaped(text: string): string {
  return text.replace(/[\\()]/g, (mark) => `\\${mark}`);
}
