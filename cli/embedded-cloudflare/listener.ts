import { type AddressInfo, createServer, type Server } from 'node:net'

/** Whether this process could listen there now; false also where the address does not exist. */
export async function canListen(host: string, port: number): Promise<boolean> {
  return (await tryListen(host, port)) !== undefined
}

/** A port that is free on the host at this moment. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const port = await tryListen(host, 0)
  if (port === undefined) throw new Error(`cannot listen on ${host}`)
  return port
}

/** Lets a server listen there, and nowhere else; resolves with its port, which 0 leaves to the system. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function tryListen(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ host, port, exclusive: true }, () => {
      const { port: chosen } = addressOf(server.address())
      server.close(() => resolve(chosen))
    })
  })
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP listener')
  return address
}
