import { scriptAsset } from '../../../shared/pages/script-asset.ts'
import goOnScript from './go-on.client.js'

/** The script that sends a page's form, or follows its link, without waiting for the person. */
export const goOnAsset = scriptAsset('/saml/idp/assets', 'go-on', goOnScript)

/** op-auth serves the stylesheet, under a name that every release of it knows. */
export const stylesheet = '/assets/brand.css'
