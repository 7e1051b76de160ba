import { describe, expect, test } from "vitest";
import { poolRows } from "./pooling.ts";

describe("poolRows", () => {
  const data = Float32Array.from([3, 0, 0, 4, 99, 99, 0, 2, 0, 0, 0, 0]);

  test("averages the tokens that are no padding, to unit length", () => {
    const [a, b] = poolRows(data, [2, 3, 2], [2, 1], "mean");
    expect([...(a ?? [])].map((v) => v.toFixed(3))).toEqual(["0.600", "0.800"]);
    expect([...(b ?? [])]).toEqual([0, 1]);
  });

  test("cls takes the first token", () => {
    expect([...(poolRows(data, [2, 3, 2], [2, 1], "cls")[0] ?? [])]).toEqual([1, 0]);
  });

  test("last takes the last token that is no padding", () => {
    const rows = poolRows(data, [2, 3, 2], [2, 1], "last").map((v) => [...v]);
    expect(rows).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test("fewer dimensions are the first ones, of unit length again", () => {
    const [row] = poolRows(Float32Array.from([3, 4, 12]), [1, 3], [1], "mean", 2);
    expect([...(row ?? [])].map((v) => v.toFixed(3))).toEqual(["0.600", "0.800"]);
  });

  test("pooled output is only scaled, and zero stays zero", () => {
    expect(poolRows(Float32Array.from([0, 5, 0, 0]), [2, 2], [1, 1], "mean").map((v) => [...v])).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });

  test("another shape, or a value that is no number, is refused", () => {
    expect(() => poolRows(data, [12], [1], "mean")).toThrow("shape");
    expect(() => poolRows(data, [2, 3, 2], [1], "mean")).toThrow("shape");
    expect(() => poolRows(Float32Array.from([Number.NaN, 1]), [1, 2], [1], "mean")).toThrow("no number");
  });
});
