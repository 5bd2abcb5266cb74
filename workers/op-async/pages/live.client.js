/** Shows requests as they come: fetches the page again while somebody looks, and takes over a list that changed. */
const region = document.querySelector('[data-live]')
const hint = document.querySelector('[data-reload]')
if (hint) hint.hidden = true

async function look() {
  if (document.visibilityState !== 'visible') return
  const response = await fetch(location.href, { credentials: 'same-origin' })
  // Signed out meanwhile: the page itself leads to the sign-in.
  if (response.redirected) return location.reload()
  if (!response.ok) return
  const next = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('[data-live]')
  // Nothing moves under the finger of somebody who is about to press.
  if (next && next.dataset.live !== region.dataset.live) {
    region.dataset.live = next.dataset.live
    region.replaceChildren(...next.childNodes)
  }
}

setInterval(() => look().catch(() => undefined), 3000)
document.addEventListener('visibilitychange', () => look().catch(() => undefined))
