import * as v from 'valibot'
import { OAuthError } from '../../../shared/protocol/error.ts'
import { decided } from '../../../shared/stores/grants.ts'
import type { ManagementCall } from '../deps.ts'
import { isoTime } from '../../../shared/http/admin/page.ts'

const Rotation = v.object({
  alg: v.exactOptional(v.picklist(['ES256', 'RS256'])),
  use: v.exactOptional(v.picklist(['saml'])),
  now: v.exactOptional(v.boolean()),
})

const Schedule = v.object({ days: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3650)) })

export async function listKeys(call: ManagementCall): Promise<Response> {
  const keyManager = call.deps.keyManager()
  const [keys, schedule] = await decided(
    Promise.all([keyManager.list(call.now), keyManager.schedule(undefined, call.now)]),
  )
  return call.answer({
    keys: keys.map(({ createdAt, signsFrom, leavesAt, ...key }) => ({
      ...key,
      createdAt: isoTime(createdAt),
      signsFrom: maybeTime(signsFrom),
      leavesAt: maybeTime(leavesAt),
    })),
    schedule: shownSchedule(schedule),
  })
}

export async function rotateKeys(call: ManagementCall): Promise<Response> {
  const { alg, use: of = alg, now: immediately = false } = call.body(Rotation)
  call.target = of ?? ''
  const rotations = await call.effect(() => decided(call.deps.keyManager().rotate(of, immediately, call.now)))
  return call.answer({
    rotations: rotations.map(({ retiring = null, effectiveAt, ...rotation }) => ({
      ...rotation,
      retiring,
      effectiveAt: maybeTime(effectiveAt),
    })),
  })
}

export async function revokeKey(call: ManagementCall): Promise<Response> {
  const kid = call.subject('kid')
  const revocation = await call.effect(async () => {
    const result = await decided(call.deps.keyManager().revoke(kid, call.now))
    if (!result) throw new OAuthError('not_found', 'there is no such key')
    return result
  })
  return call.answer({ revocation })
}

export async function setSchedule(call: ManagementCall): Promise<Response> {
  const { days } = call.body(Schedule)
  const schedule = await call.effect(() => decided(call.deps.keyManager().schedule(days, call.now)))
  return call.answer({ schedule: shownSchedule(schedule) })
}

function shownSchedule({ days, nextRotationAt }: { days: number; nextRotationAt: number }): object {
  return { days, nextRotationAt: isoTime(nextRotationAt) }
}

function maybeTime(seconds: number | undefined): string | null {
  return seconds === undefined ? null : isoTime(seconds)
}
