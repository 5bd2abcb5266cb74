import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { OperatorsAnswer } from '../../cli/admin/answers.ts'
import { operatorKeyFile } from '../../cli/admin/operator-key.ts'
import { startLocalEnvironment } from '../../cli/local/environment.ts'

test('attack N3 a new bootstrap key takes the place of all operators once it has signed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'authrim-recover-'))
  const start = () => startLocalEnvironment({ folder })
  const kids = async ({ admin }: Awaited<ReturnType<typeof start>>) =>
    (await admin.get('/operators', OperatorsAnswer)).operators.map(({ kid }) => kid)
  try {
    const first = await start()
    const { kid: lost } = first.operatorKey
    expect(await kids(first)).toEqual([lost])
    await first.dispose()

    rmSync(operatorKeyFile(folder))
    await using second = await start()
    const { kid } = second.operatorKey
    // The kid alone, which is public, admits nobody: a signature of the key has to be there.
    const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: 'authrim-operator+jwt', kid })).toString('base64url')
    const forged = await fetch(`${second.issuer}/admin/v1/operators`, {
      headers: { authorization: `Bearer ${header}.e30.${'A'.repeat(86)}` },
    })
    expect(forged.status).toBe(401)
    const keyManager = (await second.env('op-management'))['KEY_MANAGER']
    expect(await operatorsIn(keyManager)).toEqual([lost])
    expect(await kids(second)).toEqual([kid])
    expect(await operatorsIn(keyManager)).toEqual([kid])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** The operators that the object holds, without a call that admits one. */
async function operatorsIn(binding: unknown): Promise<string[]> {
  if (!isNamespace(binding)) throw new Error('KEY_MANAGER is no namespace')
  return (await binding.getByName('keys').operators()).map(({ kid }) => kid)
}

interface KeyManagers {
  getByName(name: string): { operators(): Promise<{ kid: string }[]> }
}

function isNamespace(value: unknown): value is KeyManagers {
  return typeof value === 'object' && value !== null && 'getByName' in value
}
