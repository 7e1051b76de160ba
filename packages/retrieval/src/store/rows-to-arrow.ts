import type * as Arrow from "apache-arrow";

type Rows = readonly Readonly<Record<string, unknown>>[];

/**
 * Rows as an Arrow table, each column's buffers filled at once. Arrow's own builders take a value at a time, which costs
 * most of the time of a bulk write.
 */
export function rowsToArrow(arrow: typeof Arrow, schema: Arrow.Schema, rows: Rows): Arrow.Table {
  const children = schema.fields.map((field) => columnData(arrow, field, rows));
  const struct = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: rows.length,
    nullCount: 0,
    children,
  });
  return new arrow.Table(schema, new arrow.RecordBatch(schema, struct));
}

function columnData(arrow: typeof Arrow, field: Arrow.Field, rows: Rows): Arrow.Data {
  const { type, name } = field;
  const values = rows.map((row) => row[name]);
  if (!field.nullable && values.some((value) => value === null || value === undefined)) {
    throw new TypeError(`the column ${name} holds no value in some rows`);
  }
  if (arrow.DataType.isUtf8(type)) return textData(arrow, type, values);
  if (arrow.DataType.isInt(type) && type.bitWidth === 32) {
    return arrow.makeData({
      type,
      length: values.length,
      nullCount: 0,
      data: Int32Array.from(values as number[]),
    });
  }
  if (arrow.DataType.isInt(type) && type.bitWidth === 64) {
    const { bitmap, nullCount } = validity(values);
    return arrow.makeData({
      type,
      length: values.length,
      nullCount,
      nullBitmap: bitmap,
      data: BigInt64Array.from(values, (value) => BigInt((value ?? 0) as number)),
    });
  }
  if (arrow.DataType.isList(type) && arrow.DataType.isUtf8(type.children[0]?.type)) {
    return listData(arrow, type, values as readonly (readonly string[])[]);
  }
  if (arrow.DataType.isFixedSizeList(type)) return vectorData(arrow, type, values);
  const [data] = arrow.vectorFromArray(values, type).data;
  if (!data) throw new TypeError(`the column ${name} cannot be written`);
  return data;
}

function textData(arrow: typeof Arrow, type: Arrow.Utf8, values: readonly unknown[]): Arrow.Data {
  const { offsets, bytes } = textBuffers(values as readonly (string | null)[]);
  const { bitmap, nullCount } = validity(values);
  return arrow.makeData({
    type,
    length: values.length,
    nullCount,
    nullBitmap: bitmap,
    valueOffsets: offsets,
    data: bytes,
  });
}

function listData(arrow: typeof Arrow, type: Arrow.List, values: readonly (readonly string[])[]): Arrow.Data {
  const offsets = new Int32Array(values.length + 1);
  for (const [index, list] of values.entries()) offsets[index + 1] = (offsets[index] as number) + list.length;
  const items = values.flat();
  const child = textData(arrow, (type.children[0] as Arrow.Field).type, items);
  return arrow.makeData({ type, length: values.length, nullCount: 0, valueOffsets: offsets, child });
}

function vectorData(arrow: typeof Arrow, type: Arrow.FixedSizeList, values: readonly unknown[]): Arrow.Data {
  const width = type.listSize;
  const floats = new Float32Array(values.length * width);
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    const vector = value as Float32Array;
    if (vector.length !== width) {
      throw new TypeError(`a vector has ${vector.length} numbers, and the store's have ${width}`);
    }
    floats.set(vector, index * width);
  }
  const item = (type.children[0] as Arrow.Field).type;
  const child = arrow.makeData({ type: item, length: floats.length, nullCount: 0, data: floats });
  const { bitmap, nullCount } = validity(values);
  return arrow.makeData({ type, length: values.length, nullCount, nullBitmap: bitmap, child });
}

/** UTF-8 of all texts in one buffer, and where each begins. */
function textBuffers(texts: readonly (string | null)[]): { offsets: Int32Array; bytes: Uint8Array } {
  const offsets = new Int32Array(texts.length + 1);
  // Never more than three bytes a UTF-16 unit; written once, then cut to what was needed.
  const most = texts.reduce((sum, text) => sum + 3 * (text?.length ?? 0), 0);
  const buffer = Buffer.allocUnsafe(most);
  let end = 0;
  for (const [index, text] of texts.entries()) {
    if (text) end += buffer.write(text, end);
    offsets[index + 1] = end;
  }
  return { offsets, bytes: Uint8Array.prototype.slice.call(buffer, 0, end) };
}

function validity(values: readonly unknown[]): { bitmap: Uint8Array | null; nullCount: number } {
  let nullCount = 0;
  const bitmap = new Uint8Array(Math.ceil(values.length / 64) * 8);
  for (const [index, value] of values.entries()) {
    if (value === null || value === undefined) nullCount++;
    else bitmap[index >> 3] = (bitmap[index >> 3] as number) | (1 << (index & 7));
  }
  return { bitmap: nullCount > 0 ? bitmap : null, nullCount };
}
