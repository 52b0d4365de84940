/** Control characters but line feed, and the marks that turn the direction of text round. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unprintable = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** Text without what could steer a terminal. */
export const printable = (text: string) => text.replaceAll(unprintable, ' ')

/** At most `width` characters on one line. */
export function oneLine(text: string, width: number): string {
  const characters = [...printable(text).replaceAll('\n', ' ')]
  return characters.length > width ? `${characters.slice(0, width - 1).join('')}…` : characters.join('')
}

/** Breaks text between words into lines of at most `width` characters (20 at least); a longer word is cut. */
export function wrap(text: string, width: number): readonly string[] {
  const room = Math.max(20, width)
  return printable(text)
    .split('\n')
    .flatMap(paragraph => {
      const lines: string[] = []
      let line = ''
      for (const word of paragraph.split(' ').flatMap(word => pieces(word, room))) {
        const longer = line === '' ? word : `${line} ${word}`
        if (lengthOf(longer) <= room) line = longer
        else {
          lines.push(line)
          line = word
        }
      }
      return [...lines, line]
    })
}

const lengthOf = (text: string) => [...text].length

function pieces(word: string, width: number): readonly string[] {
  const characters = [...word]
  if (characters.length <= width) return [word]
  const count = Math.ceil(characters.length / width)
  return Array.from({ length: count }, (_, piece) => characters.slice(piece * width, (piece + 1) * width).join(''))
}

const two = (value: number) => `${value}`.padStart(2, '0')

/** `mm:ss`, or `h:mm:ss` from an hour on, of a time since the start in milliseconds; with a minus before it. */
export function clockOf(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const clock =
    hours > 0 ? `${hours}:${two(minutes % 60)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`
  return ms < 0 && seconds > 0 ? `-${clock}` : clock
}

/** A duration in milliseconds for people: `340 ms`, `12.5 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationOf(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`
  const minutes = Math.floor(seconds / 60)
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`
}
