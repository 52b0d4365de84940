import type { Flow, Participant, Segment, Session, Utterance } from '../model.ts'
import type { Line } from '../texts/domain.ts'
import type { Cast } from './cast.ts'

type Purpose = Participant['purpose']

/** Somebody's part in a conversation while it is being recorded. */
export interface Leg {
  readonly participantId: string
  readonly sessionId: string
  readonly segments: Segment[]
}

type SessionInput = Omit<Session, 'id' | 'segments'>

interface Part {
  readonly id: string
  readonly purpose: Purpose
  readonly name: string | undefined
  readonly userId: string | undefined
  readonly attributes: Record<string, string>
  readonly sessions: { readonly input: SessionInput; readonly leg: Leg; flow?: Flow }[]
}

/** Keeps the clock of one conversation, and who did and said what. */
export class Recorder {
  readonly cast: Cast
  /** Unix milliseconds. */
  at: number
  readonly #parts: Part[] = []

  constructor(cast: Cast, startedAt: number) {
    this.cast = cast
    this.at = startedAt
  }

  /** Lets a random time pass; both ends in seconds. */
  pass(leastSeconds: number, mostSeconds: number): void {
    this.at += this.cast.chance.between(leastSeconds * 1000, mostSeconds * 1000)
  }

  join(purpose: Purpose, session: SessionInput, who: { name?: string; userId?: string } = {}): Leg {
    const part: Part = {
      id: this.cast.id('participant', this.#parts.length),
      purpose,
      name: who.name,
      userId: who.userId,
      attributes: {},
      sessions: [],
    }
    this.#parts.push(part)
    return this.addSession(part.id, session)
  }

  /** Another medium of somebody who is already there. */
  addSession(participantId: string, input: SessionInput): Leg {
    const part = this.#part(participantId)
    const leg = { participantId, sessionId: this.cast.id('session', participantId, part.sessions.length), segments: [] }
    part.sessions.push({ input, leg })
    return leg
  }

  setAttributes(participantId: string, attributes: Readonly<Record<string, string>>): void {
    Object.assign(this.#part(participantId).attributes, attributes)
  }

  setFlow(leg: Leg, flow: Flow): void {
    const session = this.#part(leg.participantId).sessions.find(entry => entry.leg === leg)
    if (session !== undefined) session.flow = flow
  }

  /** What somebody says now, as fast as people speak; the clock goes on to the next one's turn. */
  speak(leg: Leg, line: Line): Utterance {
    const [role, mood, ...ways] = line
    const text = this.cast.fill(this.cast.chance.pick(ways))
    const durationMs = text.split(/\s+/).length * this.cast.chance.between(280, 380)
    const utterance = { role, text, at: this.at, durationMs, mood, participantId: leg.participantId }
    this.at += durationMs + this.cast.chance.between(150, 1400)
    return utterance
  }

  participants(): Participant[] {
    return this.#parts.map(({ id, purpose, name, userId, attributes, sessions }) => ({
      id,
      purpose,
      name,
      userId,
      attributes: Object.keys(attributes).length === 0 ? undefined : attributes,
      sessions: sessions.map(({ input, leg, flow }) => ({ ...input, id: leg.sessionId, flow, segments: leg.segments })),
    }))
  }

  #part(id: string): Part {
    const part = this.#parts.find(candidate => candidate.id === id)
    if (part === undefined) throw new RangeError(`recording participant ${id}: never joined`)
    return part
  }
}
