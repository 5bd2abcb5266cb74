import { describe, expect, test } from 'vitest'
import { seal, unseal } from './container.ts'

const passphrase = 'a long enough passphrase'
/** The least that is accepted: an eighth of the usual work. */
const cheap = { N: 2 ** 14, r: 8, p: 1 } as const

describe('a sealed file', () => {
  test('opens with its passphrase, and shows nothing of what it holds', async () => {
    const file = await seal('the secret text', passphrase)
    expect(file.includes('secret')).toBe(false)
    expect(await unseal(file, passphrase)).toBe('the secret text')
    // The same letters, composed and not, are one passphrase.
    expect(
      await unseal(await seal('x', 'caf\u00e9 caf\u00e9 caf\u00e9', cheap), 'cafe\u0301 cafe\u0301 cafe\u0301'),
    ).toBe('x')
  })

  test('refuses another passphrase, and a change of any part', async () => {
    const file = await seal('the secret text', passphrase, cheap)
    await expect(unseal(file, `${passphrase}!`)).rejects.toMatchObject({ code: 'cannot_open' })
    const header = file.indexOf(0x0a)
    for (const at of [header - 5, header + 1, file.length - 1]) {
      const changed = Buffer.from(file)
      changed[at] = (changed[at] ?? 0) ^ 1
      await expect(unseal(changed, passphrase)).rejects.toMatchObject({ name: 'CliError' })
    }
    await expect(unseal(file.subarray(0, -8), passphrase)).rejects.toMatchObject({ code: 'cannot_open' })
    await expect(unseal(file.subarray(0, header + 5), passphrase)).rejects.toMatchObject({ code: 'cannot_open' })
  })

  test('refuses other files, newer ones, and a cost that would stop this machine', async () => {
    const [line = ''] = (await seal('x', passphrase, cheap)).toString('latin1').split('\n')
    const other = (edit: (header: { version: number; kdf: { N: number } }) => void) => {
      const header = JSON.parse(line)
      edit(header)
      return unseal(Buffer.from(`${JSON.stringify(header)}\n${'x'.repeat(40)}`), passphrase)
    }
    await expect(unseal(Buffer.from('hello'), passphrase)).rejects.toThrow('no backup')
    await expect(other((header) => (header.version = 2))).rejects.toThrow('newer authrim')
    await expect(other((header) => (header.kdf.N = 2 ** 30))).rejects.toThrow('no backup that this authrim reads')
    await expect(other((header) => (header.kdf.N = 2))).rejects.toThrow('no backup that this authrim reads')
  })
})
