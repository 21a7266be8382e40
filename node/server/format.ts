/** The formats of entries, snapshots, handshake and data folder that this build speaks. */
export const FORMAT = 1;
export const OLDEST_FORMAT = 1;
