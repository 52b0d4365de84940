import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { murmur2, partitionOf } from '../../src/log/partition.ts'

describe('partitions', () => {
  it('hashes as Kafka does (org.apache.kafka.common.utils.UtilsTest.testMurmur2)', () => {
    const known: readonly (readonly [string, number])[] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ]
    for (const [key, hash] of known) assert.equal(murmur2(Buffer.from(key)), hash, key)
  })

  it('takes the positive remainder', () => {
    assert.equal(partitionOf(Buffer.from('21'), 1000), (-973932308 & 0x7fffffff) % 1000)
    assert.equal(partitionOf(Buffer.from('abc'), 7), 479470107 % 7)
  })

  it('gives every key a partition there is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 512 }), (key, partitions) => {
        const partition = partitionOf(key, partitions)
        assert.ok(Number.isInteger(partition) && partition >= 0 && partition < partitions)
      }),
    )
  })
})
