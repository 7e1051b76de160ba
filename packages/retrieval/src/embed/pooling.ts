/** How the vectors of a text's tokens become one. */
export type Pooling = "mean" | "cls" | "last";

/**
 * One vector of unit length for each row of token vectors `[rows, tokens, width]`, of which the first `lengths[row]` tokens
 * are no padding. `mean` averages them (Reimers and Gurevych, 2019), `cls` takes the first, `last` the last. Output that is
 * pooled already, `[rows, width]`, is only scaled. Of each vector the first `dimensions` numbers are kept, default all
 * (Kusupati et al., Matryoshka representation learning, 2022). A row of zeros stays zero.
 */
export function poolRows(
  data: Float32Array,
  dims: readonly number[],
  lengths: readonly number[],
  pooling: Pooling,
  dimensions?: number,
): Float32Array[] {
  const [rows = 0, tokens = 0] = dims;
  const width = dims.length === 3 ? (dims[2] ?? 0) : tokens;
  if (dims.length < 2 || dims.length > 3 || rows !== lengths.length) {
    throw new Error(
      `the model's output has the shape [${dims.join(", ")}], which is none of a sentence embedder`,
    );
  }
  return lengths.map((length, row) => {
    const stride = dims.length === 3 ? tokens * width : width;
    const taken = dims.length === 3 && pooling === "mean" ? length : 1;
    const first = dims.length === 3 && pooling === "last" ? length - 1 : 0;
    const sum = new Float64Array(width);
    addRows(sum, data, row * stride + first * width, taken);
    let square = 0;
    const kept = sum.subarray(0, dimensions ?? width);
    for (const value of kept) square += value * value;
    const norm = Math.sqrt(square);
    if (!Number.isFinite(norm)) throw new Error("the model's output holds a value that is no number");
    return Float32Array.from(kept, (value) => (norm === 0 ? 0 : value / norm));
  });
}

/** Adds `count` rows of `data` that begin at `from` to `sum`, four at a time: it is then read and written a quarter as often. */
function addRows(sum: Float64Array, data: Float32Array, from: number, count: number): void {
  const width = sum.length;
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    const a = from + row * width;
    const b = a + width;
    const c = b + width;
    const d = c + width;
    for (let i = 0; i < width; i++) {
      const two = (sum[i] as number) + (data[a + i] as number) + (data[b + i] as number);
      sum[i] = two + (data[c + i] as number) + (data[d + i] as number);
    }
  }
  for (; row < count; row++) {
    const at = from + row * width;
    for (let i = 0; i < width; i++) sum[i] = (sum[i] as number) + (data[at + i] as number);
  }
}
