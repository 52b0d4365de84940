import type { SandboxChannel } from '../types.ts'

/** The course of an invented conversation. */
export interface Plot {
  readonly channel: SandboxChannel
  readonly language?: 'es-ES' | 'de-DE' | 'fr-FR'
  readonly outbound?: true
  /** A bot answers first. */
  readonly bot?: true
  readonly hold?: true
  readonly transfer?: 'blind' | 'consult'
  /** Without an agent: the customer gives up in the queue, or needs nobody. */
  readonly ends?: 'abandoned' | 'self-served'
  /** An AI agent outside Genesys looks something up; `nothing` finds nothing, `error` fails. */
  readonly assist?: 'found' | 'nothing' | 'error'
  /** After-call work starts a moment before the call ends, as real records show it. */
  readonly hastyWrapUp?: true
  readonly evaluated?: true
  readonly surveyed?: true
  /** What comes to light only after a while. */
  readonly late?: readonly ('wrap-up' | 'evaluation' | 'rescore' | 'survey' | 'transcript')[]
  readonly openAtStart?: true
  readonly deleted?: true
}

/** Conversations go through these in turn: as many conversations as there are plots have seen everything once. */
export const plots: readonly Plot[] = [
  { channel: 'voice', assist: 'found', evaluated: true, surveyed: true },
  { channel: 'message', bot: true, assist: 'found', surveyed: true },
  { channel: 'voice', hold: true, assist: 'nothing', late: ['evaluation'] },
  { channel: 'voice', ends: 'abandoned' },
  { channel: 'email', evaluated: true },
  { channel: 'voice', transfer: 'blind', late: ['wrap-up'], assist: 'found' },
  { channel: 'chat', surveyed: true },
  { channel: 'voice', bot: true, evaluated: true, late: ['rescore'] },
  { channel: 'voice', openAtStart: true },
  { channel: 'callback', assist: 'found', late: ['survey'] },
  { channel: 'voice', transfer: 'consult', hold: true, evaluated: true },
  { channel: 'message', bot: true, ends: 'self-served' },
  { channel: 'voice', language: 'es-ES', assist: 'found', surveyed: true },
  { channel: 'voice', deleted: true, evaluated: true },
  { channel: 'voice', outbound: true, hastyWrapUp: true, assist: 'error' },
  { channel: 'message', language: 'de-DE', bot: true, late: ['wrap-up', 'survey'] },
  { channel: 'voice', late: ['transcript'] },
  { channel: 'chat', transfer: 'blind', evaluated: true },
  { channel: 'voice', bot: true, ends: 'self-served' },
  { channel: 'message', openAtStart: true },
  { channel: 'email', late: ['wrap-up'] },
  { channel: 'voice', language: 'de-DE', hold: true, hastyWrapUp: true },
  { channel: 'message', ends: 'abandoned' },
  { channel: 'voice', language: 'fr-FR', transfer: 'blind', assist: 'found' },
  { channel: 'message', deleted: true, bot: true },
]
