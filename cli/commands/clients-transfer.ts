import type { InferOutput } from 'valibot'
import { type Client, ClientAnswer, ClientsAnswer, ImportedClientsAnswer } from '../admin/answers.ts'
import type { AdminClient } from '../admin/client.ts'
import { query, segment } from '../admin/query.ts'
import { CliError, exitStatus, usageError } from '../error.ts'

const BATCH = 100

type ClientRecord = InferOutput<typeof Client>

/** The client of that client_id, or else of exactly that name. */
export async function findClient(
  api: AdminClient,
  metadata: Readonly<Record<string, unknown>>,
): Promise<ClientRecord | undefined> {
  const { client_id: id, client_name: name } = metadata
  if (typeof id === 'string') {
    const answer = await api.get(`/clients/${segment(id)}`, ClientAnswer).catch(missing)
    return answer?.client
  }
  if (typeof name !== 'string') return undefined
  for (let cursor: string | undefined; ;) {
    const page: InferOutput<typeof ClientsAnswer> = await api.get(
      `/clients${query({ search: name, limit: '100', cursor })}`,
      ClientsAnswer,
    )
    const found = page.clients.find(({ client_name }) => client_name === name)
    if (found || page.nextCursor === null) return found
    cursor = page.nextCursor
  }
}

/** Every client, page by page. */
export async function exportClients(api: AdminClient): Promise<ClientRecord[]> {
  const clients: ClientRecord[] = []
  for (let cursor: string | undefined; ;) {
    const page: InferOutput<typeof ClientsAnswer> = await api.get(`/exports/clients${query({ cursor })}`, ClientsAnswer)
    clients.push(...page.clients)
    if (page.nextCursor === null) return clients
    cursor = page.nextCursor
  }
}

/** The clients of an export: `{"clients": […]}`, or the list alone. */
export function parseClients(text: string): object[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw usageError('The file is not JSON.')
  }
  const list = typeof value === 'object' && value !== null && 'clients' in value ? value.clients : value
  if (!Array.isArray(list) || !list.every(isObject)) throw usageError('The file has no list of clients.')
  return list
}

/** Sends clients in batches; a repetition changes nothing more. */
export async function importClients(
  api: AdminClient,
  clients: readonly object[],
): Promise<{ imported: number; updated: number }> {
  const total = { imported: 0, updated: 0 }
  for (let start = 0; start < clients.length; start += BATCH) {
    const batch = clients.slice(start, start + BATCH)
    const answer = await api
      .post('/imports/clients', { clients: batch }, ImportedClientsAnswer)
      .catch((error: unknown) => {
        if (start === 0 || !(error instanceof CliError)) throw error
        throw new CliError(`${error.message} ${start} of ${clients.length} clients were done.`, {
          hint: 'Run it again: what was imported stays as it is.',
          exitCode: exitStatus.partial,
          code: 'partial',
        })
      })
    total.imported += answer.imported
    total.updated += answer.updated
  }
  return total
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function missing(error: unknown): undefined {
  if (error instanceof CliError && error.code === 'not_found') return undefined
  throw error
}
