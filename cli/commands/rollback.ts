import type { DefineCommand } from '../program.ts'
export const define: DefineCommand = () => undefined
