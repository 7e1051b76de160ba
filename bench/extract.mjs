// How fast each format is read into text and blocks, before anything is cut, embedded or stored.
//
// `node bench/extract.mjs [--mib 4]` after `npm run build`. Every format gets the same made-up prose in its own dress. MB/s
// counts the bytes of extracted text, so that formats compare (a PDF's own size says little); `starts` is what the first PDF or
// DOCX waits for its worker. Best of three; all figures depend on the machine, their ratios to plain text less so.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { mib: { type: "string", default: "4" } } });
const dist = new URL("../packages/retrieval/dist/extract/", import.meta.url);
const load = (name) => import(fileURLToPath(new URL(name, dist)));
const { extract } = await load("extract.js");
const { createIsolatedReader } = await load("isolated-reader.js");
const { fromUnpacked } = await load("from-unpacked.js");
const { writeZip } = await load("zip.mjs");

const WORDS =
  "every employee of the company gets paid leave when the manager has approved a request in time".split(" ");
let seed = 1;
const random = (limit) => {
  seed = (seed * 48271) % 2147483647;
  return seed % limit;
};
const sentence = () => {
  const words = Array.from({ length: 8 + random(8) }, () => WORDS[random(WORDS.length)]).join(" ");
  return `${words[0].toUpperCase()}${words.slice(1)} ${random(1000)}.`;
};
const paragraphs = [];
for (let length = 0; length < Number(values.mib) * 1024 * 1024; length += paragraphs.at(-1).length)
  paragraphs.push(Array.from({ length: 4 }, sentence).join(" "));

const texts = {
  "text/plain": paragraphs.join("\n\n"),
  "text/markdown": paragraphs.map((text, i) => (i % 5 === 0 ? `## Part ${i}\n\n${text}` : text)).join("\n\n"),
  "text/html": paragraphs
    .map((text, i) => `${i % 5 === 0 ? `<h2>Part ${i}</h2>` : ""}<p>${text}</p>`)
    .join("\n"),
  "text/csv": `number,text\n${paragraphs.map((text, i) => `${i},"${text}"`).join("\n")}`,
  "application/x-ndjson": paragraphs.map((text, i) => JSON.stringify({ number: i, text })).join("\n"),
  "text/x-source-code": paragraphs.map((text, i) => `// ${text}\nexport const part${i} = ${i};`).join("\n\n"),
};
const rows = [];
for (const [mediaType, source] of Object.entries(texts))
  rows.push(await measure(mediaType, source.length, async () => extract(source, mediaType, "a.ts")));
for (const [format, make] of Object.entries({ pdf: makePdf, docx: makeDocx })) {
  const reader = createIsolatedReader();
  const begin = performance.now();
  await reader.unpack(make(paragraphs.slice(0, 1)), format);
  const starts = Math.round(performance.now() - begin);
  const bytes = make(paragraphs);
  const row = await measure(format, bytes.length, async () =>
    fromUnpacked(await reader.unpack(bytes, format)),
  );
  rows.push({ ...row, "starts (ms)": starts });
  await reader.dispose();
}
const plain = rows[0]["MB/s"];
console.table(rows.map((row) => ({ ...row, "of plain text": Number((row["MB/s"] / plain).toFixed(3)) })));

async function measure(format, size, work) {
  let best = Number.POSITIVE_INFINITY;
  let text = "";
  for (let i = 0; i < 3; i++) {
    const begin = performance.now();
    ({ text } = await work());
    best = Math.min(best, performance.now() - begin);
  }
  const perSecond = Buffer.byteLength(text) / 1e3 / best;
  return {
    format,
    "file (MB)": Number((size / 1e6).toFixed(1)),
    "time (ms)": Math.round(best),
    "MB/s": Number(perSecond.toFixed(1)),
  };
}

/** Ten paragraphs a page, a sentence a line, in the PDF's own font. */
function makePdf(paragraphs) {
  const bodies = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "",
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  const kids = [];
  for (let from = 0; from < paragraphs.length; from += 10) {
    const lines = paragraphs.slice(from, from + 10).flatMap((text) => [...text.split(/(?<=\.) /), ""]);
    const content = `BT /F 8 Tf 10 TL 40 800 Td ${lines.map((line) => `(${line}) Tj T*`).join("\n")} ET`;
    const at = bodies.length + 1;
    kids.push(`${at} 0 R`);
    bodies.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${at + 1} 0 R /Resources << /Font << /F 3 0 R >> >> >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    );
  }
  bodies[1] = `<< /Type /Pages /Kids [${kids.join(" ")}] /Count ${kids.length} >>`;
  const parts = ["%PDF-1.4\n"];
  const offsets = [];
  let at = parts[0].length;
  for (const [i, body] of bodies.entries()) {
    offsets.push(at);
    parts.push(`${i + 1} 0 obj\n${body}\nendobj\n`);
    at += parts.at(-1).length;
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(`xref\n0 ${bodies.length + 1}\n0000000000 65535 f \n${table}`);
  parts.push(`trailer\n<< /Size ${bodies.length + 1} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`);
  return Buffer.from(parts.join(""));
}

function makeDocx(paragraphs) {
  const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument";
  const packages = "http://schemas.openxmlformats.org/package/2006";
  const body = paragraphs.map((text) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`).join("");
  const parts = {
    "[Content_Types].xml": `<Types xmlns="${packages}/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
    "_rels/.rels": `<Relationships xmlns="${packages}/relationships"><Relationship Id="r1" Type="${office}" Target="word/document.xml"/></Relationships>`,
    "word/document.xml": `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
  };
  return writeZip(Object.entries(parts).map(([name, data]) => ({ name, data: Buffer.from(data) })));
}
