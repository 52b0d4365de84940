import type { Logger } from 'pino'
import type { LogRecord, Output, Position } from '../../core/log.ts'
import { partitionOf } from '../partition.ts'
import { type Block, encodeBlocks, sizeOf } from './chunk.ts'
import { type Keyed, keyed, supersede } from './compaction.ts'
import type { PartitionId } from './keys.ts'
import { makeRoom } from './retention.ts'
import type { Topic } from './tables.ts'
import type { Unit } from './unit.ts'
import { type Operation, waitsForRoom } from './writer.ts'

/** An append that is not done yet. */
export interface Append {
  /** Copies the records and gives the operation that appends all of them or, while a partition is full, none. */
  encode(): Operation<readonly Position[]>
  /** What the records of each topic take, bytes. */
  readonly bytes: ReadonlyMap<string, number>
  /** Of all of them. */
  readonly totalBytes: number
}

/** The records of one append that go to one partition. */
interface Share {
  readonly topic: Topic
  readonly id: PartitionId
  readonly records: LogRecord[]
  readonly sizes: number[]
  /** Where among the append's records each of them is. */
  readonly places: number[]
}

interface EncodedShare extends Omit<Share, 'records' | 'sizes'> {
  readonly blocks: readonly Block[]
  readonly bytes: number
  /** What compaction needs; empty if the topic is not compacted. */
  readonly keyed: readonly Keyed[]
}

export interface AppenderOptions {
  readonly topicOf: (name: string) => Topic
  readonly log: Logger
}

/** Makes appends, and warns once when those to a partition begin to wait for room. */
export class Appender {
  readonly #options: AppenderOptions
  readonly #full = new Set<string>()

  constructor(options: AppenderOptions) {
    this.#options = options
  }

  /** Refuses (`config`) an unknown topic and (`data`) what the log cannot hold. */
  prepare(outputs: readonly Output[]): Append {
    const { shares, bytes, count } = this.#shareOut(outputs)
    return {
      encode: () => {
        const encoded = shares.map(encode)
        return unit => this.#append(unit, encoded, count)
      },
      bytes,
      totalBytes: [...bytes.values()].reduce((sum, each) => sum + each, 0),
    }
  }

  #append(unit: Unit, shares: readonly EncodedShare[], count: number): readonly Position[] | typeof waitsForRoom {
    const without = shares.filter(({ topic: { retention }, id, bytes }) => {
      return retention !== 'compact' && (unit.isFull(id) || !makeRoom(unit, id, bytes, retention.bytes))
    })
    if (without.length > 0) {
      // Not those that have room: what somebody else appends there may be what makes room here.
      unit.markFull(without.map(({ id }) => id))
      for (const { topic, id } of without) this.#warn(unit, topic.name, id)
      return waitsForRoom
    }
    const positions = new Array<Position>(count)
    for (const { topic, id, blocks, places, keyed } of shares) {
      const base = unit.head(id).next
      for (const block of blocks) unit.append(id, block)
      places.forEach((place, nth) => {
        positions[place] = { topic: topic.name, partition: id.partition, offset: base + nth }
      })
      if (keyed.length > 0) {
        unit.settle(id)
        supersede(unit, id, base, keyed)
      }
      if (this.#full.size > 0) this.#full.delete(`${topic.name}/${id.partition}`)
    }
    return positions
  }

  #shareOut(outputs: readonly Output[]) {
    const shares = new Map<string, Map<number, Share>>()
    const bytes = new Map<string, number>()
    let count = 0
    for (const { topic: name, records } of outputs) {
      const topic = this.#options.topicOf(name)
      const ofTopic = shares.get(name) ?? new Map<number, Share>()
      shares.set(name, ofTopic)
      let topicBytes = bytes.get(name) ?? 0
      for (const record of records) {
        const size = sizeOf(record)
        const partition = partitionOf(record.key, topic.partitions)
        let share = ofTopic.get(partition)
        if (share === undefined) {
          share = { topic, id: { topicId: topic.id, partition }, records: [], sizes: [], places: [] }
          ofTopic.set(partition, share)
        }
        share.records.push(record)
        share.sizes.push(size)
        share.places.push(count++)
        topicBytes += size
      }
      bytes.set(name, topicBytes)
    }
    return { shares: [...shares.values()].flatMap(ofTopic => [...ofTopic.values()]), bytes, count }
  }

  #warn(unit: Unit, topic: string, id: PartitionId): void {
    const name = `${topic}/${id.partition}`
    if (this.#full.has(name)) return
    this.#full.add(name)
    const neededFrom = unit.neededFrom(id)
    const groups = unit.groups(id).flatMap(({ group, place }) => (place.offset === neededFrom ? [group] : []))
    this.#options.log.warn(
      { topic, partition: id.partition, groups, offset: neededFrom },
      'appending waits: the partition is full of records that a group has yet to commit',
    )
  }
}

function encode({ topic, id, records, sizes, places }: Share): EncodedShare {
  const blocks = encodeBlocks(records, sizes)
  return {
    topic,
    id,
    places,
    blocks,
    bytes: blocks.reduce((sum, block) => sum + block.bytes.length, 0),
    keyed: topic.retention === 'compact' ? records.map(keyed) : [],
  }
}
