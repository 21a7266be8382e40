/** Tables for people: columns as wide as their widest cell, numbers to the right. */

export type Cell = string | number | null;

/** Lines without a line feed at the end. Null is shown as a dash. */
export function renderTable(headers: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const texts = rows.map((row) => row.map(textOf));
  const widths = headers.map((header, column) => Math.max(header.length, ...texts.map((row) => row[column]!.length)));
  const isNumeric = headers.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(headers), ...texts.map(line)];
}

function textOf(cell: Cell): string {
  return cell === null ? '-' : String(cell);
}

/** `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
