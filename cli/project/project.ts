import { ConfigError, parseProjectText, type Project } from '../../shared/config.ts'
import { usageError } from '../error.ts'
import { readProjectFile } from './project-file.ts'

/** The project of a folder; undefined where there is no authrim.json. */
export function findProject(root: string): Project | undefined {
  const text = readProjectFile(root, 'authrim.json')
  return text === undefined ? undefined : parseText(text)
}

/** Parses authrim.json; what is wrong in it is wrong usage. */
export function parseText(text: string): Project {
  try {
    return parseProjectText(text)
  } catch (error) {
    if (error instanceof ConfigError) throw usageError(error.message, 'See: authrim config schema')
    throw error
  }
}
