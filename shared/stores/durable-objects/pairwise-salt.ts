import { base64url } from 'jose'
import type { Seal } from './sealing.ts'
import type { Settings } from './settings.ts'

const label = 'pairwise'

/** The salt as a backup has it. */
export interface RevealedSalt {
  readonly pairwise: string
}

/**
 * The secret that people's pairwise identifiers derive from. It never changes, also not with an epoch, since partners
 * know people by what came of it.
 */
export class PairwiseSalt {
  readonly #settings: Settings
  readonly #seal: Seal

  constructor(settings: Settings, seal: Seal) {
    this.#settings = settings
    this.#seal = seal
  }

  /** 256 bits, base64url; made by the first call. */
  async lease(): Promise<string> {
    const known = this.#settings.get(label)
    if (known !== undefined) return this.#seal.open(label, known)
    const sealed = await this.#seal.seal(label, base64url.encode(crypto.getRandomValues(new Uint8Array(32))))
    // Somebody else may have made one meanwhile.
    return this.#seal.open(label, this.#settings.get(label) ?? this.#settings.set(label, sealed))
  }

  async reveal(): Promise<RevealedSalt[]> {
    return this.#settings.get(label) === undefined ? [] : [{ pairwise: await this.lease() }]
  }

  async put({ pairwise }: RevealedSalt): Promise<void> {
    this.#settings.set(label, await this.#seal.seal(label, pairwise))
  }
}
