import { scriptAsset } from '../../../shared/pages/script-asset.ts'
import liveScript from './live.client.js'

/** The script of the page that shows what waits. */
export const liveAsset = scriptAsset('/approvals/assets', 'live', liveScript)

/** op-auth serves the stylesheet, under a name that every release of it knows. */
export const stylesheet = '/assets/brand.css'
