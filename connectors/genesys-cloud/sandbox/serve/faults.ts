import { type Chance, chanceOf } from '../seeded.ts'
import type { SandboxFaults } from '../types.ts'
import { errorOf, type GenesysError, tooManyRequests } from './errors.ts'
import type { Access } from './oauth.ts'

type Fault = { readonly kind: 'error'; readonly error: GenesysError } | { readonly kind: 'cut' }

/** How often chaos strikes. */
const chaos = { serverError: 0.02, rateLimit: 0.01 } as const

/** What is to go wrong with the next requests. */
export class Faults implements SandboxFaults {
  readonly #access: Access
  readonly #chance: Chance | undefined
  readonly #planned: Fault[] = []
  readonly #delays: number[] = []

  constructor(access: Access, seed: number, chaotic: boolean) {
    this.#access = access
    this.#chance = chaotic ? chanceOf(seed, 'chaos') : undefined
  }

  rateLimitNext(n: number, retryAfterSeconds: number): void {
    this.#plan(n, { kind: 'error', error: tooManyRequests(retryAfterSeconds) })
  }

  failNext(n: number, status: number): void {
    this.#plan(n, { kind: 'error', error: errorOf(status) })
  }

  cutNext(n: number): void {
    this.#plan(n, { kind: 'cut' })
  }

  delayNext(n: number, ms: number): void {
    this.#delays.push(...Array.from({ length: n }, () => ms))
  }

  revokeCredentials(): void {
    this.#access.revoke()
  }

  restoreCredentials(): void {
    this.#access.restore()
  }

  /** Milliseconds by which this request is to be late. */
  takeDelay(): number {
    return this.#delays.shift() ?? 0
  }

  /** What goes wrong with this request: what was planned, else what chaos brings. */
  take(): Fault | undefined {
    const planned = this.#planned.shift()
    if (planned !== undefined || this.#chance === undefined) return planned
    const draw = this.#chance.next()
    if (draw < chaos.serverError) return { kind: 'error', error: errorOf(500) }
    if (draw < chaos.serverError + chaos.rateLimit) return { kind: 'error', error: tooManyRequests(1) }
    return undefined
  }

  #plan(n: number, fault: Fault): void {
    this.#planned.push(...Array.from({ length: n }, () => fault))
  }
}
