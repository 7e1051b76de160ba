/** Words a shingle, as in Broder, "On the resemblance and containment of documents", 1997. */
export const SHINGLE_WORDS = 5;
/**
 * 16 bands of 4 rows: a pair of resemblance 0.8 is missed with a chance of (1 - 0.8^4)^16 = 0.0002, one of 0.3 is
 * proposed with 0.12 and then thrown out by the exact measure.
 */
const BANDS = 16;
const ROWS = 4;
const HASHES = BANDS * ROWS;
/** In a crowd that shares a band, each is compared with this many of the first ones and with its neighbour. */
const CROWD = 8;

/** Sorted, distinct 32-bit hashes of a text's shingles. */
export type ShingleSet = Uint32Array;

export function shinglesOf(text: string): ShingleSet {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const hashes = new Uint32Array(Math.max(0, words.length - SHINGLE_WORDS + 1));
  const wordHashes = Uint32Array.from(words, hashWord);
  for (let i = 0; i < hashes.length; i++) {
    let hash = 0;
    for (let k = 0; k < SHINGLE_WORDS; k++) hash = mix(Math.imul(hash, 31) + (wordHashes[i + k] as number));
    hashes[i] = hash;
  }
  hashes.sort();
  let kept = 0;
  for (let i = 0; i < hashes.length; i++) {
    if (i === 0 || hashes[i] !== hashes[i - 1]) hashes[kept++] = hashes[i] as number;
  }
  return hashes.slice(0, kept);
}

/** Share of the shingles of either that both have. Two empty sets have nothing in common. */
export function jaccard(a: ShingleSet, b: ShingleSet): number {
  let both = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = a[i] as number;
    const y = b[j] as number;
    if (x === y) both++;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  const either = a.length + b.length - both;
  return either === 0 ? 0 : both / either;
}

/** Pairs `[a, b]`, `a < b`, that are worth measuring, each once. Sets smaller than `minimum` are left out. */
export function candidatePairs(sets: readonly ShingleSet[], minimum: number): [number, number][] {
  const signatures = sets.map((set) => (set.length < minimum ? undefined : signatureOf(set)));
  const seen = new Set<number>();
  const pairs: [number, number][] = [];
  const propose = (a: number, b: number) => {
    const key = a * sets.length + b;
    if (seen.has(key)) return;
    seen.add(key);
    pairs.push([a, b]);
  };
  for (let band = 0; band < BANDS; band++) {
    const buckets = new Map<string, number[]>();
    for (const [index, signature] of signatures.entries()) {
      if (!signature) continue;
      const key = signature.subarray(band * ROWS, (band + 1) * ROWS).join();
      const members = buckets.get(key);
      if (!members) {
        buckets.set(key, [index]);
        continue;
      }
      for (const member of members.slice(0, CROWD)) propose(member, index);
      if (members.length > CROWD) propose(members.at(-1) as number, index);
      members.push(index);
    }
  }
  return pairs.sort(([a, b], [c, d]) => a - c || b - d);
}

/** Odd factors and offsets of the hash family, from a fixed seed, so that a check gives the same result each time. */
const FACTORS = family(0x9e3779b9).map((value) => value | 1);
const OFFSETS = family(0x85ebca6b);

function family(seed: number): Uint32Array {
  const values = new Uint32Array(HASHES);
  let state = seed;
  for (let i = 0; i < HASHES; i++) {
    state = (state + 0x6d2b79f5) >>> 0;
    values[i] = mix(state);
  }
  return values;
}

function signatureOf(set: ShingleSet): Uint32Array {
  const signature = new Uint32Array(HASHES).fill(0xffffffff);
  for (const shingle of set) {
    for (let i = 0; i < HASHES; i++) {
      const hash = mix(Math.imul(shingle, FACTORS[i] as number) + (OFFSETS[i] as number));
      if (hash < (signature[i] as number)) signature[i] = hash;
    }
  }
  return signature;
}

/** FNV-1a over UTF-16 units. */
function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The finaliser of MurmurHash3. */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
