/** What one benchmark measured: our rate beside that of the bare library, in the same run on the same machine. */
export interface BenchResult {
  readonly name: string
  /** In `unit`s, as `bare` is. */
  readonly ours: number
  readonly bare: number
  readonly unit: string
  /** `ours` divided by `bare`. */
  readonly ratio: number
  /** The ratio that is asked for. */
  readonly target: number
}
