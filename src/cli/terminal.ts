import cliProgress from 'cli-progress'

/** Where a command writes, and what it may know of its surroundings. */
export interface Terminal {
  /** For results. */
  readonly out: NodeJS.WritableStream
  /** For progress, notes and errors. */
  readonly err: NodeJS.WritableStream
  /** Whether `err` is a terminal: progress bars; otherwise plain lines. */
  readonly interactive: boolean
  /** Columns of `out`; 100 where it is no terminal. */
  readonly columns: number
}

export const processTerminal = (): Terminal => ({
  out: process.stdout,
  err: process.stderr,
  interactive: process.stderr.isTTY === true,
  columns: process.stdout.columns ?? 100,
})

export const line = (stream: NodeJS.WritableStream, text = '') => stream.write(`${text}\n`)

/** Rows under their headings, numbers to the right. Empty text for no rows. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  if (rows.length === 0) return ''
  const numeric = headings.map((_heading, column) => rows.every(row => typeof row[column] === 'number'))
  const cells = rows.map(row => row.map(cell => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)))
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map(row => row[column]?.length ?? 0)),
  )
  const text = (row: readonly string[]) =>
    row
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return [text(headings), text(widths.map(width => '─'.repeat(width))), ...cells.map(text)].join('\n')
}

export interface Progress {
  /** How much is done, of how much, and a word on it. */
  update(done: number, total: number, note: string): void
  stop(): void
}

/** A bar on a terminal; elsewhere a line whenever another tenth is done. */
export function startProgress(terminal: Terminal, label: string): Progress {
  if (!terminal.interactive) {
    let tenths = -1
    return {
      update(done, total, note) {
        const now = total === 0 ? 0 : Math.floor((done / total) * 10)
        if (now <= tenths) return
        tenths = now
        line(terminal.err, `${label}: ${done}/${total} ${note}`.trimEnd())
      },
      stop: () => {},
    }
  }
  const bar = new cliProgress.SingleBar(
    { format: `${label} {bar} {value}/{total} {note}`, hideCursor: true, clearOnComplete: false, stream: terminal.err },
    cliProgress.Presets.shades_classic,
  )
  bar.start(1, 0, { note: '' })
  return {
    update(done, total, note) {
      bar.setTotal(Math.max(total, 1))
      bar.update(done, { note })
    },
    stop: () => bar.stop(),
  }
}

/** `3d 4h`, `5m 6s`, `7s`, `120ms`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  const seconds = Math.floor(ms / 1000)
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ')
}
