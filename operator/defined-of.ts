/** Fields that are undefined, left out: to whoever compares or keeps an object, they are not there. */
export type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

export function definedOf<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
