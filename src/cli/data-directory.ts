import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where things lie under the configured `data` directory. */
export const dataPaths = (data: string) => ({
  log: join(data, 'log'),
  state: join(data, 'state'),
  warehouse: join(data, 'warehouse'),
  /** Names and passwords of the embedded warehouse's users, for this machine's user only. */
  warehouseUsers: join(data, 'warehouse-users.json'),
  /** Where the embedded warehouse answers while something runs it. */
  warehouseEndpoint: join(data, 'warehouse-endpoint.json'),
  /** What the running pipeline says of itself, every second. */
  status: join(data, 'status.json'),
})

export interface WarehouseUsers {
  readonly ingest: { readonly name: string; readonly password: string }
  readonly reader: { readonly name: string; readonly password: string }
}

/** The users of the embedded warehouse of this directory; made at the first call, readable by the owner alone. */
export function warehouseUsersOf(data: string): WarehouseUsers {
  const { warehouseUsers } = dataPaths(data)
  const known = readJson<WarehouseUsers>(warehouseUsers)
  if (known !== undefined) return known
  const password = () => randomBytes(18).toString('base64url')
  const users = {
    ingest: { name: 'ingest', password: password() },
    reader: { name: 'reader', password: password() },
  }
  writeJson(warehouseUsers, users)
  return users
}

/** Undefined if the file is not there. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Written whole or not at all, readable by the owner alone. */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true })
  const written = `${path}.${process.pid}.tmp`
  writeFileSync(written, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  renameSync(written, path)
}

export const removeFile = (path: string) => rmSync(path, { force: true })
