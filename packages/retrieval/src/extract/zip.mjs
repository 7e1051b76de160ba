// @ts-check
// Just enough of ZIP (PKWARE APPNOTE 6.3.10) to check an archive before anything in it is unpacked.
import { inflateRawSync } from "node:zlib";
import { Refused } from "./refused.mjs";

/** Limit on an archive's entries: a Word file of a thousand pages with pictures has far fewer. */
const MAX_ENTRIES = 10_000;

const END = 0x06054b50; // 4.3.16
const ENTRY = 0x02014b50; // 4.3.12
const LOCAL = 0x04034b50; // 4.3.7

/** @typedef {{ name: string, data: Buffer }} Part */

/**
 * Unpacks the entries whose names are wanted. All names and sizes are judged from the central directory before the first one is
 * unpacked; an entry that then holds more than it said is refused as well.
 * @param {Buffer} file
 * @param {number} maxBytes
 * @param {(name: string) => boolean} wanted
 * @returns {Part[]}
 */
export function readZip(file, maxBytes, wanted) {
  const entries = directory(file);
  const chosen = entries.filter(({ name }) => wanted(name));
  const total = chosen.reduce((sum, { size }) => sum + size, 0);
  if (total > maxBytes)
    throw new Refused(
      `it would unpack to ${mebi(total)} MiB, more than the ${mebi(maxBytes)} MiB read at most`,
    );
  return chosen.map(({ name, method, packed, size, at }) => {
    need(at + 30 <= file.length && file.readUInt32LE(at) === LOCAL);
    const start = at + 30 + file.readUInt16LE(at + 26) + file.readUInt16LE(at + 28);
    need(start + packed <= file.length);
    return { name, data: unpack(name, method, file.subarray(start, start + packed), size) };
  });
}

/** @param {Buffer} file */
function directory(file) {
  const end = endRecord(file);
  const count = file.readUInt16LE(end + 10);
  if (count > MAX_ENTRIES)
    throw new Refused(`its archive has ${count} entries, more than the ${MAX_ENTRIES} read at most`);
  const names = new Set();
  const entries = [];
  let at = file.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    need(at + 46 <= end && file.readUInt32LE(at) === ENTRY);
    const nameLength = file.readUInt16LE(at + 28);
    need(at + 46 + nameLength <= end);
    const name = file.toString("utf8", at + 46, at + 46 + nameLength);
    if (/(?:^|[\\/])\.\.(?:[\\/]|$)|^[\\/]|^[A-Za-z]:|\0/.test(name))
      throw new Refused(`its archive names a place outside itself (${JSON.stringify(name.slice(0, 80))})`);
    if (names.has(name))
      throw new Refused(`its archive has two entries named ${JSON.stringify(name.slice(0, 80))}`);
    names.add(name);
    if (file.readUInt16LE(at + 8) & 1) throw new Refused("it is encrypted, save it without a password");
    entries.push({
      name,
      method: file.readUInt16LE(at + 10),
      packed: file.readUInt32LE(at + 20),
      size: file.readUInt32LE(at + 24),
      at: file.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return entries;
}

/** @param {Buffer} file */
function endRecord(file) {
  const first = Math.max(0, file.length - 22 - 0xffff);
  for (let at = file.length - 22; at >= first; at--) {
    if (file.readUInt32LE(at) === END && at + 22 + file.readUInt16LE(at + 20) === file.length) return at;
  }
  throw new Refused("it is not a valid DOCX (it is no ZIP archive)");
}

/**
 * @param {string} name
 * @param {number} method
 * @param {Buffer} data
 * @param {number} size
 */
function unpack(name, method, data, size) {
  const lie = () =>
    new Refused(`its part ${JSON.stringify(name.slice(0, 80))} does not hold what the archive says`);
  if (method === 0) {
    if (data.length !== size) throw lie();
    return data;
  }
  if (method !== 8) throw new Refused(`its archive is packed in a way that is not read (method ${method})`);
  let unpacked;
  try {
    unpacked = inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw lie();
  }
  if (unpacked.length !== size) throw lie();
  return unpacked;
}

/**
 * An archive of the parts, unpacked as they are. Checksums stay 0: it goes from one function to the next.
 * @param {readonly Part[]} parts
 */
export function writeZip(parts) {
  const locals = [];
  const central = [];
  let at = 0;
  for (const { name, data } of parts) {
    const label = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(LOCAL, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(0x800, 6);
    local.writeUInt32LE(data.length, 18);
    local.writeUInt32LE(data.length, 22);
    local.writeUInt16LE(label.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(ENTRY, 0);
    local.copy(entry, 6, 4, 30);
    entry.writeUInt16LE(20, 4);
    entry.writeUInt32LE(at, 42);
    locals.push(local, label, data);
    central.push(entry, label);
    at += 30 + label.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(
    central.reduce((sum, piece) => sum + piece.length, 0),
    12,
  );
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...central, end]);
}

/** @param {boolean} valid */
function need(valid) {
  if (!valid) throw new Refused("it is not a valid DOCX (its archive is damaged)");
}

/** @param {number} bytes */
function mebi(bytes) {
  return Math.ceil(bytes / 1024 / 1024);
}
