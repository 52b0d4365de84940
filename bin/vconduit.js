#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `vconduit needs Node 22.18 or later, this is ${process.versions.node}. In a checkout, \`npm ci\` installs one: use \`npx vconduit\`.`,
  )
  process.exit(2)
}
const { keepMemorySmall } = await import('../src/cli/process-memory.ts')
keepMemorySmall()
await import('../src/cli/main.ts')
