/** Numbers as people read them. */

const grouped = new Intl.NumberFormat('en');

export function count(/** @type {number | undefined} */ number) {
  return number === undefined ? '–' : grouped.format(number);
}

export function bytes(/** @type {number | undefined} */ size) {
  if (size === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let amount = size;
  let unit = 0;
  for (; amount >= 1024 && unit < units.length - 1; unit++) amount /= 1024;
  return `${amount < 10 && unit > 0 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

export function duration(/** @type {number | undefined} */ seconds) {
  if (seconds === undefined) return '–';
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
