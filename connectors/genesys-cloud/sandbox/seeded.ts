import { createHash } from 'node:crypto'

/** Chance that repeats itself: the same seed gives the same draws. */
export interface Chance {
  /** 0 (inclusive) to 1 (exclusive). */
  next(): number
  /** A whole number, both ends included. */
  between(least: number, most: number): number
  happens(probability: number): boolean
  /** Throws on an empty list. */
  pick<T>(list: readonly T[]): T
}

const digest = (parts: readonly (string | number)[]) => createHash('sha256').update(parts.join('\u0000')).digest()

/** A UUID in the shape of Genesys's own ids, made from the parts alone. */
export function idFrom(...parts: readonly (string | number)[]): string {
  const bytes = digest(parts).subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Chance of its own for every list of parts (mulberry32). */
export function chanceOf(...parts: readonly (string | number)[]): Chance {
  let state = digest(parts).readUInt32LE(0)
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    happens: probability => next() < probability,
    pick: list => {
      const picked = list[Math.floor(next() * list.length)]
      if (picked === undefined) throw new RangeError('picking from an empty list')
      return picked
    },
  }
}
