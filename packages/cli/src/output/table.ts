import { padEnd, truncate, widthOf } from "./width.ts";

/**
 * Rows as aligned lines, two spaces between columns. The last column takes what is left of the width and is cut there;
 * the others are as wide as their widest cell.
 */
export function table(rows: readonly (readonly string[])[], width: number): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ""))),
  );
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column < columns - 1 ? padEnd(cell, widths[column] as number) : cell,
    );
    return truncate(cells.join("  ").trimEnd(), width);
  });
}
