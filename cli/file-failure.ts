import { CliError } from './error.ts'

/** What the file system refuses for reasons of this machine, in the operator's words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than this process may write',
  EROFS: 'the file system is read-only',
  EACCES: 'this user has no right to',
  EPERM: 'this user has no right to',
}

/**
 * A failure that room or rights would cure; undefined for any other, which may be a defect of ours.
 * @param path the file that was meant, where it has been written under another name.
 */
export function fileFailure(error: unknown, path = pathOf(error)): CliError | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  const reason = REASONS[error.code]
  if (reason === undefined) return undefined
  return new CliError(`${path} cannot be written: ${reason}.`, {
    code: 'not_writable',
    hint: 'What stood there is unchanged. Make room or rights, then run the command again.',
  })
}

function pathOf(error: unknown): string {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : 'A file'
}
