/**
 * The 32-bit MurmurHash2 of Kafka's clients (`org.apache.kafka.common.utils.Utils.murmur2`): seed 0x9747b28c, signed result.
 */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  const mix = 0x5bd1e995
  const wholeWords = length - (length % 4)
  let hash = seed ^ length
  let at = 0
  for (; at < wholeWords; at += 4) {
    let word = byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24)
    word = Math.imul(word, mix)
    word ^= word >>> 24
    hash = Math.imul(hash, mix) ^ Math.imul(word, mix)
  }
  const tail = length - at
  if (tail === 3) hash ^= byte(bytes, at + 2) << 16
  if (tail >= 2) hash ^= byte(bytes, at + 1) << 8
  if (tail >= 1) hash = Math.imul(hash ^ byte(bytes, at), mix)
  hash = Math.imul(hash ^ (hash >>> 13), mix)
  return hash ^ (hash >>> 15)
}

/** The partition, 0 to `partitions` - 1, that Kafka's default partitioner gives a key: `toPositive(murmur2(key)) % partitions`. */
export const partitionOf = (key: Uint8Array, partitions: number): number =>
  partitions === 1 ? 0 : (murmur2(key) & 0x7fffffff) % partitions

const seed = 0x9747b28c

const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0
