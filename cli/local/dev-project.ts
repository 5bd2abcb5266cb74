import { join } from 'node:path'
import { isLocal } from '../../shared/config.ts'
import { devProjectFolder, type LocatedEnvironment } from '../environment.ts'
import { writeProjectFile } from '../project/project-file.ts'
import { readIfThere } from '../secret-file.ts'

/**
 * The project that `authrim dev` serves: this folder's, where its issuer has the port asked for. Anywhere else one is
 * kept beside the data, so that other commands find in this folder what runs.
 */
export function devProject(located: LocatedEnvironment, cwd: string): LocatedEnvironment {
  const { environment, configuredIssuer } = located
  const own = readIfThere(join(cwd, 'authrim.json')) !== undefined
  if (own && environment.issuer === configuredIssuer && isLocal(environment)) return { ...located, root: cwd }
  const root = devProjectFolder(cwd)
  const { name, issuer } = environment
  const project = { name: 'authrim', defaultEnvironment: name, environments: { [name]: { issuer } } }
  // Made first, since the folder of a project is looked at before anything is written below it.
  writeProjectFile(cwd, '.authrim/dev/authrim.json', `${JSON.stringify(project, undefined, 2)}\n`)
  return { ...located, root, configuredIssuer: issuer }
}
