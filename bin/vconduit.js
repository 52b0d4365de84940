#!/usr/bin/env node
import { existsSync } from 'node:fs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `vconduit needs Node 22.18 or later, this is ${process.versions.node}. In a checkout, \`npm ci\` installs one: use \`npx vconduit\`.`,
  )
  process.exit(2)
}
const source = new URL('../src/cli/', import.meta.url)
const isCheckout = existsSync(source)
const open = name =>
  import(isCheckout ? `${source}${name}.ts` : new URL(`../dist/src/cli/${name}.js`, import.meta.url).href)
const { keepMemorySmall } = await open('process-memory')
keepMemorySmall()
await open('main')
