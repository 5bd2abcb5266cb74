import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandScript } from '../support/command.ts'
import { type System, startSystem } from '../support/system.ts'
import { identityProviderMetadata, metadataSite, serviceProviderMetadata } from './metadata.ts'

describe('authrim saml', () => {
  let system: System
  const folder = mkdtempSync(join(tmpdir(), 'authrim-saml-'))
  beforeAll(async () => {
    system = await startSystem()
    const project = { name: 'test', defaultEnvironment: 'here', environments: { here: { issuer: system.issuer } } }
    writeFileSync(join(folder, 'authrim.json'), JSON.stringify(project))
    mkdirSync(join(folder, '.authrim/here'), { recursive: true })
    copyFileSync(join(system.local.folder, 'operator.jwk'), join(folder, '.authrim/here/operator.jwk'))
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await system[Symbol.asyncDispose]()
  })

  async function authrim(args: readonly string[], input = '') {
    const child = spawn(process.execPath, [commandScript, 'saml', ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] },
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    return { status, out, err }
  }
  async function json(args: readonly string[], input = ''): Promise<unknown> {
    const { status, out, err } = await authrim([...args, '--json'], input)
    if (status !== 0) throw new Error(`${args.join(' ')}: ${status} ${out}${err}`)
    return JSON.parse(out)
  }

  test('sp add takes a file, an address and standard input, and answers what scripts rely on', async () => {
    const file = join(folder, 'wiki.xml')
    writeFileSync(file, serviceProviderMetadata({ entityId: 'https://wiki.example/saml', name: 'Wiki' }))
    expect(await json(['sp', 'add', '--metadata', file, '--name-id', 'persistent'])).toMatchObject({
      partner: {
        entityId: 'https://wiki.example/saml',
        alias: 'wiki',
        acs: [{ url: 'https://sp.partner.example/acs' }],
        slo: [{ url: 'https://sp.partner.example/slo' }],
        certificatesExpireAt: '2126-11-01T02:42:42.000Z',
        nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      },
    })
    await using site = await metadataSite(serviceProviderMetadata({ entityId: 'https://crm.example/saml' }))
    expect(await json(['sp', 'add', '--metadata', site.url, '--alias', 'crm'])).toMatchObject({
      partner: { metadataUrl: site.url },
    })
    const piped = serviceProviderMetadata({ entityId: 'https://piped.example/saml' })
    expect(await json(['sp', 'add', '--metadata', '-', '--attribute', 'email=urn:oid:1.2'], piped)).toMatchObject({
      partner: { attributes: [{ source: 'email', name: 'urn:oid:1.2', nameFormat: expect.stringMatching(/:uri$/) }] },
    })
    const again = await authrim(['sp', 'add', '--metadata', file, '--json'])
    expect([again.status, JSON.parse(again.out)]).toMatchObject([1, { error: { code: 'already_exists' } }])
    expect(await json(['sp', 'add', '--metadata', file, '--if-missing'])).toEqual({ partner: null, existed: true })
  })

  test('idp add answers where people begin and what the partner loads', async () => {
    const metadata = identityProviderMetadata({ entityId: 'https://acme.example/idp', name: 'Acme' })
    const options = [
      '--domain',
      'Acme.example',
      '--link-by',
      'verified-email',
      '--attribute',
      'email=mail',
      '--no-button',
    ]
    expect(await json(['idp', 'add', '--metadata', '-', ...options], metadata)).toMatchObject({
      partner: {
        entityId: 'https://acme.example/idp',
        alias: 'acme',
        loginUrl: `${system.issuer}/saml/sp/login/acme`,
        spMetadataUrl: `${system.issuer}/saml/sp/metadata`,
        domains: ['acme.example'],
        linkBy: 'verified_email',
        attributeMap: { email: 'mail' },
        button: false,
      },
    })
  })

  test('list, show and update are for people and programs, with the expiry of certificates', async () => {
    const list = await authrim(['sp', 'list'])
    expect(list.out).toMatch(/^crm\t/m)
    expect(list.out).toMatch(/^wiki\tWiki\thttps:\/\/wiki\.example\/saml\tenabled\t2126-11-01 02:42Z/m)
    expect((await authrim(['sp', 'show', 'wiki'])).out).toMatch(/certificates until +2126-11-01 02:42Z/)
    const updated = await authrim(['sp', 'update', 'https://wiki.example/saml', '--disable', '--idp-initiated'])
    expect(updated.out).toMatch(/state +disabled/)
    expect(await json(['sp', 'show', 'wiki'])).toMatchObject({ partner: { enabled: false, idpInitiated: true } })
    expect((await authrim(['sp', 'refresh', 'wiki'])).status).toBe(2)
    await using moved = await metadataSite(serviceProviderMetadata({ entityId: 'https://wiki.example/saml' }))
    expect(await json(['sp', 'update', 'wiki', '--metadata-url', moved.url])).toMatchObject({
      partner: { metadataUrl: moved.url, refreshAt: expect.any(String) },
    })
    expect((await authrim(['sp', 'refresh', 'wiki'])).out).toContain('is refreshed')
    expect((await authrim(['sp', 'update', 'wiki'])).status).toBe(2)
    expect((await authrim(['sp', 'add', '--metadata', '-', '--name-id', 'nonsense'], 'x')).status).toBe(2)
  })

  test('metadata prints our own, for partners to load, and the certificate alone', async () => {
    const own = await authrim(['metadata'])
    expect(own.out).toContain(`entityID="${system.issuer}/saml/idp/metadata"`)
    expect(own.err).toMatch(/certificate until/)
    expect((await authrim(['metadata', '--sp'])).out).toContain(`Location="${system.issuer}/saml/sp/acs"`)
    await json(['idp', 'update', 'acme', '--separate-entity'])
    expect((await authrim(['metadata', '--for', 'acme'])).out).toContain(`/saml/sp/acs/acme"`)
    expect(await json(['metadata'])).toMatchObject({
      metadata: { idp: { ssoUrl: `${system.issuer}/saml/idp/sso` }, document: expect.stringContaining('<md:') },
    })
    const { out } = await authrim(['metadata', '--certificate'])
    expect(new X509Certificate(out).subject).toBe('CN=localhost')
  })

  test('remove asks for the name of the environment', async () => {
    expect((await authrim(['sp', 'remove', 'crm'])).status).toBe(2)
    expect(await json(['sp', 'remove', 'crm', '--confirm', 'here'])).toEqual({ removed: 'crm' })
    expect((await authrim(['sp', 'show', 'crm'])).status).toBe(1)
  })
})
