/** Earliest and latest time that DateTime64(3) holds, Unix milliseconds: 1900-01-01 to 2299-12-31. */
export const firstTimeMs = Date.UTC(1900, 0, 1)
export const lastTimeMs = Date.UTC(2300, 0, 1) - 1

/** True if a DateTime64(3) holds the time as it is. */
export const isHeldTime = (ms: number) => Number.isInteger(ms) && ms >= firstTimeMs && ms <= lastTimeMs

/**
 * Bytes of ClickHouse's RowBinary format (https://clickhouse.com/docs/interfaces/formats/RowBinary). Every value can be
 * written: a number that its type cannot hold becomes the nearest one that it can, and is counted in `adjusted`.
 */
export class RowWriter {
  /** Numbers and ids so far that their type could not hold. */
  adjusted = 0
  #buffer: Buffer
  #at = 0

  /** `sizeBytes` is how much is expected; it grows when that is too little. */
  constructor(sizeBytes: number) {
    this.#buffer = Buffer.allocUnsafe(sizeBytes)
  }

  /** What was written. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  /** What was written since the last `take`; the caller's own from now on. */
  take(): Buffer {
    const taken = this.bytes()
    this.#buffer = Buffer.allocUnsafe(this.#buffer.length)
    this.#at = 0
    return taken
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#at++] = value
  }

  /** The same byte `count` times. */
  repeat(value: number, count: number): void {
    this.#reserve(count)
    // Buffer.fill takes longer for the few that they are.
    for (let written = 0; written < count; written++) this.#buffer[this.#at++] = value
  }

  varint(value: number): void {
    this.#reserve(10)
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[this.#at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.#at++] = rest
  }

  string(value: string): void {
    const { length } = value
    if (length < 32) {
      this.#shortString(value)
      return
    }
    // Written behind a length of the size that it has if every character takes one byte, and moved if that is wrong.
    this.#reserve(length * 3 + 10)
    const guess = varintSize(length)
    const start = this.#at + guess
    const bytes = this.#buffer.write(value, start)
    const size = varintSize(bytes)
    if (size !== guess) this.#buffer.copyWithin(this.#at + size, start, start + bytes)
    this.varint(bytes)
    this.#at += bytes
  }

  #shortString(value: string): void {
    const { length } = value
    // At most 3 bytes a character: the length takes one byte for certain.
    this.#reserve(128)
    const start = this.#at + 1
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code >= 0x80) {
        const bytes = this.#buffer.write(value, start)
        this.#buffer[this.#at] = bytes
        this.#at = start + bytes
        return
      }
      this.#buffer[start + index] = code
    }
    this.#buffer[this.#at] = length
    this.#at = start + length
  }

  blob(value: Buffer): void {
    this.varint(value.length)
    this.#reserve(value.length)
    value.copy(this.#buffer, this.#at)
    this.#at += value.length
  }

  int32(value: number): void {
    this.#reserve(4)
    this.#buffer.writeInt32LE(this.#whole(value, -0x8000_0000, 0x7fff_ffff), this.#at)
    this.#at += 4
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#buffer.writeUInt32LE(this.#whole(value, 0, 0xffff_ffff), this.#at)
    this.#at += 4
  }

  /** A whole number of 64 bits, signed; exact within the safe integers. */
  int64(value: number): void {
    this.#write64(this.#whole(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER))
  }

  uint64(value: number): void {
    this.#write64(this.#whole(value, 0, Number.MAX_SAFE_INTEGER))
  }

  float64(value: number): void {
    this.#reserve(8)
    this.#buffer.writeDoubleLE(value, this.#at)
    this.#at += 8
  }

  /** DateTime64(3). */
  time(ms: number): void {
    this.#write64(this.#whole(ms, firstTimeMs, lastTimeMs))
  }

  /** A UUID; what is none becomes the nil UUID. */
  uuid(value: string): void {
    this.#hex(value, value.length === 36 ? uuidPlaces : noPlaces)
  }

  /**
   * (version, revision, content hash, retracted) as one UInt256 that orders like the four: 64, 32, 128 and 8 bits. The
   * numbers are shifted to be unsigned.
   */
  precedence(version: number, revision: number, contentHash: string, retracted: boolean): void {
    this.byte(retracted ? 1 : 0)
    this.#hex(contentHash, contentHash.length === 32 ? hashPlaces : noPlaces)
    this.uint32(this.#whole(revision, -0x8000_0000, 0x7fff_ffff) + 0x8000_0000)
    this.#reserve(11)
    const whole = this.#whole(version, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    const high = Math.floor(whole / 2 ** 32)
    this.#buffer.writeUInt32LE(whole - high * 2 ** 32, this.#at)
    this.#buffer.writeUInt32LE(high + 0x8000_0000, this.#at + 4)
    this.#at += 8
    this.repeat(0, 3)
  }

  /** 16 bytes; `places` tells for each where its two digits stand. */
  #hex(text: string, places: readonly number[]): void {
    this.#reserve(16)
    let wrong = places.length === 0 ? 0xf0 : 0
    for (let index = 0; index < 16; index++) {
      const place = places[index] ?? 0
      const high = digits[text.charCodeAt(place) & 0x7f] ?? 0xf0
      const low = digits[text.charCodeAt(place + 1) & 0x7f] ?? 0xf0
      wrong |= high | low
      this.#buffer[this.#at + index] = (high << 4) | low
    }
    if (wrong >= 0x10) {
      this.adjusted++
      this.#buffer.fill(0, this.#at, this.#at + 16)
    }
    this.#at += 16
  }

  #write64(value: number): void {
    this.#reserve(8)
    const high = Math.floor(value / 2 ** 32)
    this.#buffer.writeUInt32LE(value - high * 2 ** 32, this.#at)
    this.#buffer.writeInt32LE(high, this.#at + 4)
    this.#at += 8
  }

  #whole(value: number, least: number, most: number): number {
    if (value >= least && value <= most && Number.isInteger(value)) return value
    this.adjusted++
    if (Number.isNaN(value)) return Math.max(0, least)
    return Math.min(most, Math.max(least, Math.trunc(value)))
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }
}

const varintSize = (value: number) =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5

/** The value of each hexadecimal digit by its ASCII code; 0xf0 for what is none. */
const digits = Array.from({ length: 128 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase())
  return value < 0 ? 0xf0 : value
})

/** ClickHouse keeps a UUID as two little-endian halves. */
const uuidPlaces = [16, 14, 11, 9, 6, 4, 2, 0, 34, 32, 30, 28, 26, 24, 21, 19]
/** A number is kept with its lowest byte first. */
const hashPlaces = Array.from({ length: 16 }, (_, index) => 30 - index * 2)
const noPlaces: readonly number[] = []
