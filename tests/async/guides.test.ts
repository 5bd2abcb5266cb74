import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { preset } from '../../cli/commands/client-presets.ts'
import { adminJson } from '../management/support.ts'
import { sharedSystem, type System } from '../support/system.ts'
import { decideDevice } from './support.ts'

interface Registered {
  readonly client: { readonly client_id: string; readonly client_secret?: string }
}

describe('what the guides say', () => {
  let system: System
  beforeAll(async () => {
    system = await sharedSystem()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const register = async (type: string) =>
    (
      await adminJson<Registered>(system, 'POST', '/clients', {
        ...preset(type).metadata,
        client_name: type,
        redirect_uris: [],
      })
    ).client

  test('the preset `device` and the example sign a person in from the command line', async () => {
    const [{ client_id }, user] = await Promise.all([register('device'), system.user()])
    const file = join(import.meta.dirname, '../../examples/device-login.mjs')
    const program = spawn(process.execPath, [file, system.issuer, client_id])
    let output = ''
    for (const stream of [program.stdout, program.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
    const ended = once(program, 'close')
    const code = await vi.waitFor(
      () => {
        const found = /enter ([A-Z]{4}-[A-Z]{4})/.exec(output)?.[1]
        if (!found) throw new Error(`no code: ${output}`)
        return found
      },
      { timeout: 10_000 },
    )
    await decideDevice(system, code, user, 'allow')
    await ended
    expect(output).toContain('You are Ada Lovelace.')
    expect(program.exitCode).toBe(0)
  })

  test('the preset `ciba` makes a client that may ask', async () => {
    const [{ client_id, client_secret = '' }, user] = await Promise.all([register('ciba'), system.user()])
    const response = await fetch(`${system.issuer}/bc-authorize`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` },
      body: new URLSearchParams({ scope: 'openid email', login_hint: user.email, binding_message: 'Transfer 7' }),
    })
    expect(await response.json()).toEqual({ auth_req_id: expect.any(String), expires_in: 300, interval: 5 })
  })

  test('a local environment says where a request is decided', async () => {
    const { client_id } = await register('device')
    const form = { method: 'POST', body: new URLSearchParams({ client_id }) }
    const { user_code } = await (await fetch(`${system.issuer}/device_authorization`, form)).json()
    const link = expect.stringContaining(`/device?user_code=${user_code}`)
    await vi.waitFor(() => {
      const waiting = expect.objectContaining({ event: 'approval_waits', link })
      expect(system.logs.map(({ fields }) => fields)).toContainEqual(waiting)
    })
  })
})
