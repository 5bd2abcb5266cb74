// The least work that each endpoint could do on this platform, one operation a path. What a floor costs more than
// `/hello` is the cost of its operations; everything that authrim does beside them shows in the ratio.
import { DurableObject } from 'cloudflare:workers'

const encoder = new TextEncoder()
const curve = { name: 'ECDSA', namedCurve: 'P-256' }
const es256 = { name: 'ECDSA', hash: 'SHA-256' }
const shards = 8

/** 3 KB of JSON, as a discovery document has. */
const document = JSON.stringify(
  Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`member_number_${i}`, ['first_value', 'a_second_longer_value']]),
  ),
)
const claims = {
  iss: 'http://127.0.0.1',
  sub: 'client',
  aud: 'http://127.0.0.1',
  client_id: 'client',
  scope: 'api.read',
  jti: '0.abcdefghijklmnopqrstuv',
}

/** A durable table of keys and values. */
export class Cell extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env)
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS cells (key TEXT PRIMARY KEY, value TEXT)')
  }

  write(key, value) {
    this.ctx.storage.sql.exec('INSERT OR REPLACE INTO cells VALUES (?, ?)', key, value)
    return true
  }

  read(key) {
    return this.ctx.storage.sql.exec('SELECT value FROM cells WHERE key = ?', key).toArray()[0]?.value
  }
}

let keyPair
let signature
let turn = 0
let hasRecord = false
let hasRow = false

async function keys() {
  return (keyPair ??= await crypto.subtle.generateKey(curve, true, ['sign', 'verify']))
}

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function part(value) {
  return base64url(encoder.encode(JSON.stringify(value)))
}

/** A JWT of the size of an access token, signed with ES256. */
async function token() {
  const iat = Math.floor(Date.now() / 1000)
  const content = `${part({ alg: 'ES256', kid: 'a-key-id', typ: 'at+jwt' })}.${part({ ...claims, iat, exp: iat + 600 })}`
  const { privateKey } = await keys()
  return `${content}.${base64url(await crypto.subtle.sign(es256, privateKey, encoder.encode(content)))}`
}

async function verified() {
  const { privateKey, publicKey } = await keys()
  const bytes = encoder.encode(document)
  signature ??= await crypto.subtle.sign(es256, privateKey, bytes)
  return crypto.subtle.verify(es256, publicKey, signature, bytes)
}

/** Shards in turn, so that no single object is the bottleneck. */
function cell(env) {
  turn = (turn + 1) % shards
  return env.CELL.getByName(`shard-${turn}`)
}

function hashed(secret) {
  return crypto.subtle.digest('SHA-256', encoder.encode(secret))
}

const operations = {
  '/hello': () => new Response('hello'),

  '/json3k': () => new Response(document, { headers: { 'content-type': 'application/json' } }),

  /** Read the form, hash the secret, sign. */
  async '/token-min'(_env, request) {
    const form = new URLSearchParams(await request.text())
    await hashed(form.get('client_secret'))
    return Response.json({
      access_token: await token(),
      token_type: 'Bearer',
      expires_in: 600,
      scope: form.get('scope'),
    })
  },

  /** Verify one signature, ask one object. */
  async '/verify-read'(env) {
    const good = await verified()
    await cell(env).read('a-key')
    return new Response(String(good))
  },

  /** One durable write, one signature. */
  async '/refresh-min'(env) {
    await cell(env).write(crypto.randomUUID(), 'value')
    return Response.json({ access_token: await token() })
  },

  /** Keep a code, spend it, sign an access token and an ID token. */
  async '/code-min'(env) {
    const object = cell(env)
    const code = crypto.randomUUID()
    await object.write(code, 'issued')
    await object.write(code, 'spent')
    return Response.json({ access_token: await token(), id_token: await token() })
  },

  async '/kv'(env) {
    if (!hasRecord) await env.KV.put('record', JSON.stringify(claims))
    hasRecord = true
    const [record, digest] = await Promise.all([env.KV.get('record'), hashed('a client secret of sensible length')])
    return new Response(record + base64url(digest))
  },

  /** Where KV is a Worker over SQLite, writing costs twice what reading does. */
  async '/kv-put'(env) {
    await env.KV.put(crypto.randomUUID(), JSON.stringify(claims), { expirationTtl: 60 })
    return new Response('hello')
  },

  async '/d1'(env) {
    if (!hasRow) {
      await env.DB.exec('CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, value TEXT)')
      await env.DB.exec("INSERT OR REPLACE INTO rows VALUES ('row', 'value')")
    }
    hasRow = true
    return new Response(await env.DB.prepare('SELECT value FROM rows WHERE id = ?').bind('row').first('value'))
  },
}

export default {
  async fetch(request, env) {
    const operation = operations[new URL(request.url).pathname]
    return operation ? operation(env, request) : new Response('unknown', { status: 404 })
  },
}
