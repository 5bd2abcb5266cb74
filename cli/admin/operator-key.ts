import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose'
import { CliError, exitStatus, usageError } from '../error.ts'
import { readIfThere, writeSecretFile } from '../secret-file.ts'

/** The operator's Ed25519 key, ready to sign. */
export interface OperatorKey {
  /** RFC 7638 thumbprint, by which the admin API knows the operator. */
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** Where a project keeps the key of one environment. */
export function operatorKeyFile(folder: string): string {
  return join(folder, 'operator.jwk')
}

/** The key from AUTHRIM_OPERATOR_KEY (in CI) or the environment's folder. */
export async function findOperatorKey(folder: string, env = process.env): Promise<OperatorKey> {
  const given = env['AUTHRIM_OPERATOR_KEY']
  if (given) return parseOperatorKey(given, 'AUTHRIM_OPERATOR_KEY')
  const path = operatorKeyFile(folder)
  const text = readIfThere(path)
  if (text === undefined) {
    throw new CliError(`There is no operator key for this environment: ${path} is missing.`, {
      hint: [
        'Put the key there, or into AUTHRIM_OPERATOR_KEY. A local environment gets one from: authrim dev',
        'If it is lost, start over with a Cloudflare token: authrim operators recover',
      ].join('\n'),
      exitCode: exitStatus.notAuthorised,
      code: 'no_operator_key',
    })
  }
  return parseOperatorKey(text, path)
}

/** The environment's key, made at the first call. */
export function ensureOperatorKey(folder: string): Promise<OperatorKey> {
  return ensureKeyAt(operatorKeyFile(folder))
}

/**
 * The key that will take the place of the environment's own: from AUTHRIM_OPERATOR_KEY (in CI), or made here and kept
 * beside it until `adoptOperatorKey`, so that a recovery that was cut off goes on with the same one.
 */
export async function ensureSuccessorKey(folder: string, env = process.env): Promise<OperatorKey> {
  const given = env['AUTHRIM_OPERATOR_KEY']
  return given ? parseOperatorKey(given, 'AUTHRIM_OPERATOR_KEY') : ensureKeyAt(successorFile(folder))
}

/** Makes the successor, if one was made here, the environment's key. */
export function adoptSuccessorKey(folder: string): void {
  if (existsSync(successorFile(folder))) renameSync(successorFile(folder), operatorKeyFile(folder))
}

function successorFile(folder: string): string {
  return join(folder, 'operator-next.jwk')
}

async function ensureKeyAt(path: string): Promise<OperatorKey> {
  const text = readIfThere(path)
  if (text !== undefined) return parseOperatorKey(text, path)
  const { privateKey } = await generateKeyPair('Ed25519', { extractable: true })
  const jwk = JSON.stringify(await exportJWK(privateKey))
  writeSecretFile(path, `${jwk}\n`)
  return parseOperatorKey(jwk, path)
}

/** A public Ed25519 JWK with nothing but its key members. */
export function publicOperatorJwk(text: string, source: string): JWK {
  const { crv, x } = parseJwk(text, source)
  return { kty: 'OKP', crv, x }
}

async function parseOperatorKey(text: string, source: string): Promise<OperatorKey> {
  const { crv, x, d } = parseJwk(text, source)
  if (d === undefined) throw usageError(`${source} holds a public key; the private one is needed.`)
  const publicJwk: JWK = { kty: 'OKP', crv, x }
  const privateKey = await importJWK({ ...publicJwk, d }, 'Ed25519').catch(() => undefined)
  if (privateKey === undefined || privateKey instanceof Uint8Array) throw notAKey(source)
  return { kid: await calculateJwkThumbprint(publicJwk), privateKey, publicJwk }
}

function parseJwk(text: string, source: string): { crv: 'Ed25519'; x: string; d: string | undefined } {
  let jwk: unknown
  try {
    jwk = JSON.parse(text)
  } catch {
    throw notAKey(source)
  }
  if (typeof jwk !== 'object' || jwk === null || !('kty' in jwk) || !('crv' in jwk) || !('x' in jwk)) {
    throw notAKey(source)
  }
  const d = 'd' in jwk ? jwk.d : undefined
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.x !== 'string') throw notAKey(source)
  if (d !== undefined && typeof d !== 'string') throw notAKey(source)
  return { crv: 'Ed25519', x: jwk.x, d }
}

/** Says nothing of the contents: they may be a secret. */
function notAKey(source: string): CliError {
  return usageError(`${source} is not an Ed25519 key in JWK form.`)
}
