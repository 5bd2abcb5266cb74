/** A link target out of somebody's metadata: web addresses and private-use schemes (RFC 8252 §7.1), nothing that runs. */
export function safeLink(uri: string | undefined): string | undefined {
  if (uri === undefined) return undefined
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase()
  if (scheme === undefined) return undefined
  return scheme === 'https' || scheme === 'http' || scheme.includes('.') ? uri : undefined
}

/** An image that causes no request to anybody else: a `data:` image or a path on this origin. */
export function safeImage(source: string | undefined): string | undefined {
  if (source === undefined) return undefined
  return /^data:image\/[a-z+]+[;,]/i.test(source) || /^\/(?![/\\])/.test(source) ? source : undefined
}
