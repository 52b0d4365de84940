import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { VconduitError } from '../../src/core/errors.ts'
import { startEmbeddedWarehouse } from '../../src/warehouse/start.ts'
import { eventRange, sampleEvent } from '../contract/sink-samples.ts'
import { answers, context, openRig, silent, users } from './rig.ts'

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
const gone = async (pid: number) => {
  while (isAlive(pid)) await new Promise(resolve => setTimeout(resolve, 20))
}

describe('warehouse process', () => {
  const directories: string[] = []
  const newDirectory = async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vconduit-warehouse-'))
    directories.push(directory)
    return directory
  }
  after(() => Promise.all(directories.map(directory => rm(directory, { recursive: true, force: true }))))

  it('is started again when it is killed, at the same address and with what it held', async () => {
    const rig = await openRig()
    try {
      await rig.sink().check(context)
      await rig.sink().write(eventRange(0, [sampleEvent({ type: 'message', of: 'a' })]), context)
      const { pid } = rig.process()
      process.kill(pid, 'SIGKILL')
      await gone(pid)
      await answers(rig)
      assert.notEqual(rig.process().pid, pid)
      assert.equal((await rig.ask('SELECT text FROM messages')).length, 1)
    } finally {
      await rig.close()
    }
  })

  it('ends when it is told to, and lets what runs finish', async () => {
    const directory = await newDirectory()
    const warehouse = await startEmbeddedWarehouse({ directory, users, log: silent })
    const { pid, url } = warehouse
    const { name, password } = users.reader
    const running = fetch(
      `${url}/?query=${encodeURIComponent('SELECT sum(cityHash64(number)) FROM numbers(50000000)')}`,
      {
        headers: { 'x-clickhouse-user': name, 'x-clickhouse-key': password },
      },
    )
    await new Promise(resolve => setTimeout(resolve, 50))
    await warehouse.close()
    assert.equal((await running).status, 200)
    assert.equal(isAlive(pid), false)
  })

  it('ends when its parent is gone', async () => {
    const directory = await newDirectory()
    const script = `
      import { pino } from 'pino'
      import { startEmbeddedWarehouse } from ${JSON.stringify(join(import.meta.dirname, '../../src/warehouse/start.ts'))}
      const options = { directory: ${JSON.stringify(directory)}, users: ${JSON.stringify(users)}, log: pino({ level: 'silent' }) }
      console.log((await startEmbeddedWarehouse(options)).pid)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: join(import.meta.dirname, '../..'),
    })
    const [text] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(text)
    assert.ok(isAlive(pid))
    parent.kill('SIGKILL')
    await gone(pid)
  })

  it('refuses a directory that another process has open, by name', async () => {
    const directory = await newDirectory()
    const first = await startEmbeddedWarehouse({ directory, users, log: silent })
    try {
      await assert.rejects(startEmbeddedWarehouse({ directory, users, log: silent }), (error: unknown) => {
        assert.ok(error instanceof VconduitError)
        assert.deepEqual([error.kind, error.code], ['config', 'warehouse-in-use'])
        assert.ok(error.message.includes(directory))
        return true
      })
      const port = Number(new URL(first.url).port)
      await assert.rejects(startEmbeddedWarehouse({ directory: await newDirectory(), users, log: silent, port }), {
        kind: 'config',
        code: 'warehouse-port',
      })
    } finally {
      await first.close()
    }
  })

  it('sweeps up what an insert left that was cut off by a crash', async () => {
    const directory = await newDirectory()
    const first = await startEmbeddedWarehouse({ directory, users, log: silent })
    await writeFile(join(directory, 'incoming', 'half'), 'x')
    await first.close()
    const second = await startEmbeddedWarehouse({ directory, users, log: silent })
    assert.deepEqual(await readdir(join(directory, 'incoming')), [])
    await second.close()
  })

  it('names what to install, and what to do without it, where the engine is missing', async () => {
    const hidden = `import { registerHooks } from 'node:module'
      registerHooks({ resolve(name, context, next) {
        if (name === 'chdb') throw Object.assign(new Error('hidden'), { code: 'ERR_MODULE_NOT_FOUND' })
        return next(name, context)
      } })`
    const script = `
      const { openEngine } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/warehouse/engine.ts'))})
      await openEngine('/nowhere').catch(({ kind, message }) => console.log(kind, message))`
    const child = spawn(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(hidden)}`, '--input-type=module', '-e', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const text = (await child.stdout.toArray()).join('')
    assert.match(text, /^config .*npm install chdb.*external ClickHouse/)
  })

  it('listens on the loopback address alone', async () => {
    const warehouse = await startEmbeddedWarehouse({ directory: await newDirectory(), users, log: silent })
    assert.match(warehouse.url, /^http:\/\/127\.0\.0\.1:\d+$/)
    await assert.rejects(fetch(`http://127.0.0.2:${new URL(warehouse.url).port}/ping`))
    await warehouse.close()
  })
})
