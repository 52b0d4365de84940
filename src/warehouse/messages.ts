import type { ErrorKind } from '../core/errors.ts'
import type { WarehouseOptions } from './serve.ts'

/** What the parent tells the warehouse process. Passwords go this way, and never by argument or environment. */
export type ToWarehouse =
  | { readonly kind: 'open'; readonly options: WarehouseOptions }
  | { readonly kind: 'close'; readonly graceMs: number }

/** What the warehouse process tells its parent. */
export type FromWarehouse =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'failed'; readonly error: { kind: ErrorKind; code: string; message: string } }
