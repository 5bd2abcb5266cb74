import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { formOf } from '../support/agent.ts'
import { basic } from '../support/oauth.ts'
import { allow, arrival, goThrough, heading, signIn } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'
import type { TestClient } from '../support/system.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.tidy())
afterAll(() => stage.close())

async function scene() {
  const [client, user, page] = await Promise.all([stage.client(), stage.system.user(), stage.newPage()])
  return { client, user, page }
}

async function sessionCookie(context: BrowserContext): Promise<string | undefined> {
  const cookies = await context.cookies(stage.system.issuer)
  return cookies.find(({ name }) => name === '__Host-authrim-session')?.value
}

async function withSession(value: string): Promise<Page> {
  const page = await stage.newPage()
  // Playwright makes a cookie secure by the scheme of the address, and browsers do not bind it to the scheme.
  const url = stage.system.issuer.replace('http:', 'https:')
  await page.context().addCookies([{ name: '__Host-authrim-session', value, url, httpOnly: true, sameSite: 'Lax' }])
  return page
}

/** A page that posts a form to the provider as soon as it is loaded; `from` is the attacker's origin. */
async function forge(page: Page, action: string, fields: Record<string, string>, from = stage.site.origin) {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`)
  const form = `<form method="post" action="${stage.system.issuer}${action}">${inputs.join('')}</form>`
  stage.site.pages.set('/forge', `<title>Win</title>${form}<script>document.forms[0].submit()</script>`)
  await page.goto(`${from}/forge`, { waitUntil: 'commit' })
  await page.waitForURL((url) => url.origin === stage.system.issuer)
}

/** Another port of the same host is the same site: its posts carry the cookies. */
function sameSite(): string {
  return stage.site.origin.replace('127.0.0.1', 'localhost')
}

describe('sessions', () => {
  test('attack L1 a session gets a new id at every sign-in, and the old one is dead', async () => {
    const { client, user, page } = await scene()
    await goThrough(page, stage.request(client), user)
    const former = (await sessionCookie(page.context())) ?? ''
    await page.goto(stage.request(client, { prompt: 'login' }))
    await signIn(page, user)
    await arrival(page)
    expect(await sessionCookie(page.context())).not.toContain(former)

    const thief = await withSession(former)
    await thief.goto(stage.request(client, { prompt: 'none' }))
    expect((await arrival(thief)).searchParams.get('error')).toBe('login_required')
  })

  test('attack L1 a planted session does not become the victim’s', async () => {
    const { client, user, page: attacker } = await scene()
    await goThrough(attacker, stage.request(client), user)
    const planted = (await sessionCookie(attacker.context())) ?? ''
    const victim = await stage.system.user({ claims: { name: 'Victim' } })
    const page = await withSession(planted)
    await page.goto(stage.request(client, { prompt: 'login' }))
    await signIn(page, victim)
    await allow(page)
    await arrival(page)

    await attacker.goto(`${stage.system.issuer}/account`)
    await attacker.getByText(user.email).waitFor()
    await attacker.goto(stage.request(client, { prompt: 'select_account' }))
    expect(await attacker.getByText('Victim').count()).toBe(0)
  })
})

describe('forged posts', () => {
  test.each([
    ['another site', () => stage.site.origin],
    ['another port of the same host, with the cookies', sameSite],
  ])('attack L2 signing the victim in as the attacker from %s is refused', async (_, origin) => {
    const { client, user, page } = await scene()
    // The attacker's own page gives a good interaction and a good token, for the attacker's browser.
    const agent = stage.system.agent()
    const { hidden } = formOf(await (await agent.follow(await agent.get(stage.request(client)))).text())
    await page.goto(stage.request(client))
    await forge(page, '/signin', { ...hidden, identifier: user.username, password: user.password }, origin())
    expect(await heading(page)).toBe('Sent from elsewhere')
    expect(await sessionCookie(page.context())).toBeUndefined()
  })

  test.each([
    ['another site', () => stage.site.origin],
    ['another port of the same host, with the cookies', sameSite],
  ])('attack O16 AUT-15 a forged consent from %s is refused, and nothing is allowed', async (_, origin) => {
    const { client, user, page } = await scene()
    await page.goto(stage.request(client))
    await signIn(page, user)
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    // Even one who knows the whole form, token included, cannot send it from there.
    const { hidden } = formOf(await page.content(), '/consent')
    await forge(page, '/consent', { ...hidden, action: 'allow' }, origin())
    expect(await heading(page)).toBe('Sent from elsewhere')
    await page.goto(stage.request(client, { prompt: 'none' }))
    expect((await arrival(page)).searchParams.get('error')).toBe('consent_required')
  })

  test('attack O16 changes of the account and the sign-out are refused from another port as well', async () => {
    const { client, user, page } = await scene()
    await goThrough(page, stage.request(client), user)
    await page.goto(`${stage.system.issuer}/account`)
    const { csrf = '' } = formOf(await page.content(), '/account/consents/revoke').hidden
    const forgeries: [string, Record<string, string>][] = [
      ['/account/consents/revoke', { csrf, client_id: client.client_id }],
      ['/account/sessions/end', { csrf, session: 'all' }],
      ['/account/password', { csrf, current_password: user.password, new_password: 'of the attacker' }],
      ['/logout', { csrf }],
    ]
    for (const [action, fields] of forgeries) {
      await forge(page, action, fields, sameSite())
      expect(`${action}: ${await heading(page)}`).toBe(`${action}: Sent from elsewhere`)
    }
    await page.goto(`${stage.system.issuer}/account`)
    await page.getByRole('button', { name: /^Remove access of/ }).waitFor()
  })
})

describe('frames', () => {
  test('attack O15 AUT-14 the browser shows none of the pages in a frame', async () => {
    const { client, user, page } = await scene()
    await goThrough(page, stage.request(client), user)
    const { issuer } = stage.system
    const pages = [
      stage.request(client, { prompt: 'login' }),
      stage.request(client, { prompt: 'consent' }),
      stage.request(client, { response_mode: 'form_post' }),
      `${issuer}/account`,
      `${issuer}/logout`,
      `${issuer}/account/nowhere`,
    ]
    // From another port of the same host, so that the session's cookie comes along.
    stage.site.pages.set('/frames', (request) => ({
      body: `<title>Frame</title><iframe src="${request.url.searchParams.get('of')?.replaceAll('&', '&amp;')}"></iframe>`,
    }))
    for (const framed of pages) {
      await page.goto(`${sameSite()}/frames?${new URLSearchParams({ of: framed })}`)
      await expect.poll(() => stage.complaints.join(), { timeout: 5000 }).toContain('frame-ancestors')
      expect(page.frames()[1]?.url()).toBe('chrome-error://chromewebdata/')
      stage.complaints.length = 0
    }
  })
})

describe('another browser', () => {
  test('attack O21 cannot go on with a sign-in or a consent that began elsewhere', async () => {
    const { client, user, page } = await scene()
    await page.goto(stage.request(client))
    const signInLink = page.url()
    await signIn(page, user)
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    const consentLink = page.url()
    const resumed = consentLink.replace('/consent?', '/authorize?')
    const stranger = await stage.newPage()
    for (const link of [signInLink, consentLink, resumed]) {
      await stranger.goto(link)
      expect(await heading(stranger)).toBe('Started in another browser')
    }
    // With a mark and a session of its own it is still another.
    const other = await stage.system.user()
    await stranger.goto(`${stage.system.issuer}/account`)
    await signIn(stranger, other)
    await stranger.goto(consentLink)
    expect(await heading(stranger)).toBe('Started in another browser')
    await allow(page)
    expect((await arrival(page)).searchParams.get('code')).toBeTruthy()
  })

  test('attack O21 attack P1 a pushed request completed elsewhere gives no second code', async () => {
    const { client, user, page } = await scene()
    const link = await push(client)
    await page.goto(link)
    await signIn(page, user)
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    const elsewhere = await stage.newPage()
    const other = await stage.system.user()
    expect((await goThrough(elsewhere, link, other)).searchParams.get('code')).toBeTruthy()
    await allow(page)
    expect(Object.fromEntries((await arrival(page)).searchParams)).toMatchObject({ error: 'invalid_request_uri' })
  })

  async function push(client: TestClient): Promise<string> {
    const response = await fetch(`${stage.system.issuer}/as/par`, {
      method: 'POST',
      headers: basic(client),
      body: new URL(stage.request(client)).searchParams,
    })
    const { request_uri }: { request_uri: string } = await response.json()
    return `${stage.system.issuer}/authorize?${new URLSearchParams({ client_id: client.client_id, request_uri })}`
  }
})

describe('markup from outside', () => {
  const markup = `<img src=x onerror="document.title='run'"><script>document.title='run'</script>"'`

  test('attack X1 is shown as text on every page, and no script runs', async () => {
    const [client, user, page] = await Promise.all([
      stage.client({
        client_name: `App ${markup}`,
        logo_uri: `${stage.site.origin}/logo.svg`,
        policy_uri: `javascript:document.title='run'//`,
        tos_uri: `https://app.example/?"><script>document.title='run'</script>`,
        client_uri: `data:text/html,${markup}`,
      }),
      stage.system.user({ claims: { name: `Ada ${markup}` } }),
      stage.newPage(),
    ])
    const seen = async (title: string) => {
      expect(await heading(page)).toContain(title)
      expect(await page.title()).not.toBe('run')
      expect(await page.locator('main img, main script, main style').count()).toBe(0)
      const links = await page.locator('a').evaluateAll((all) => all.map((a) => a.getAttribute('href') ?? ''))
      expect(links.filter((href) => /^(javascript|data):/.test(href))).toEqual([])
    }
    await page.goto(stage.request(client, { login_hint: markup, ui_locales: markup }))
    expect(await page.getByLabel('Email or user name').inputValue()).toBe(markup)
    expect(await page.locator('main').textContent()).toContain(`App ${markup}`)
    await seen('Sign in')
    await signIn(page, { username: markup, password: markup })
    await page.getByText('That name and password do not match.').waitFor()
    expect(await page.getByLabel('Email or user name').inputValue()).toBe(markup)
    await seen('Sign in')
    await signIn(page, user)
    await page.getByText(`Ada ${markup}`).waitFor()
    await seen(`App ${markup} would like to`)
    await allow(page)
    await arrival(page)
    await page.goto(stage.request(client, { prompt: 'select_account' }))
    await seen('Choose an account')
    await page.goto(`${stage.system.issuer}/account?done=${encodeURIComponent(markup)}`)
    await page.getByText(`App ${markup}`).first().waitFor()
    await seen('Your account')
    await page.goto(`${stage.system.issuer}/logout?client_id=${client.client_id}&state=${encodeURIComponent(markup)}`)
    await seen('Sign out?')
    await page.goto(`${stage.system.issuer}/signin?interaction=${encodeURIComponent(markup)}`)
    await seen('This took too long')
    // The client's picture is asked of nobody: it would tell its owner who signs in, and when.
    expect(stage.site.requests.filter(({ url }) => url.pathname === '/logo.svg')).toEqual([])
  })

  test('attack O14 AUT-27 FP-04 state comes back by a form post unchanged', async () => {
    const { client, user, page } = await scene()
    const state = `${markup}&amp;\u00e9\u{1f600}`
    await goThrough(page, stage.request(client, { response_mode: 'form_post', state }), user)
    const posted = stage.site.requests.find(({ url }) => url.pathname === '/callback')
    expect(posted?.form.get('state')).toBe(state)
  })
})

describe('where a code could leak', () => {
  test.each(['query', 'fragment', 'form_post'])(
    'attack X2 AUT-16 nothing is cached and no Referer leaves (%s)',
    async (mode) => {
      const [client, user, page] = await Promise.all([
        stage.client({ policy_uri: `${stage.site.origin}/policy` }),
        stage.system.user(),
        stage.newPage(),
      ])
      const cacheable: string[] = []
      page.on('response', (response) => {
        const { 'cache-control': cache, 'referrer-policy': referrer } = response.headers()
        const ours = response.url().startsWith(stage.system.issuer) && response.request().resourceType() === 'document'
        if (ours && (cache !== 'no-store' || referrer !== 'no-referrer'))
          cacheable.push(`${response.status()} ${response.url()} ${cache} ${referrer}`)
      })
      await page.goto(stage.request(client, { response_mode: mode }))
      await page.getByRole('link', { name: 'Privacy policy' }).click()
      await arrival(page, '/policy')
      await page.goBack()
      await signIn(page, user)
      await allow(page)
      await arrival(page)
      expect(cacheable).toEqual([])
      expect(stage.site.requests.length).toBeGreaterThanOrEqual(2)
      expect(stage.site.requests.filter(({ headers }) => headers.referer !== undefined)).toEqual([])
    },
  )
})
