import { plausibleTimes } from '../../src/sdk/index.ts'

/** Five years in milliseconds: more than the reports about one fact can be apart, and four of them fit before 1990. */
const step = 5 * 365 * 24 * 3_600_000

/**
 * The version of a report of rank 0 to 4 that was complete at `at` (Unix milliseconds). Several reports may tell the same
 * fact, in any order and long after each other; the one of the lowest rank must win, then the latest. As a higher version
 * supersedes, every rank steps back further than their times can differ. Only rank 0 is a time that means something.
 */
export const rankedVersion = (at: number, rank: 0 | 1 | 2 | 3 | 4) => at - rank * step

/** The version of a fact whose earliest report must win: the later the report, the lower; never a time that is to come. */
export const earliestVersion = (at: number) => Math.floor((plausibleTimes.to - at) / 4)
