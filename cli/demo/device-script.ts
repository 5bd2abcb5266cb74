/** Goes on as soon as the person has answered on the other device. Nothing on the page changes until then. */
export const deviceScript = `
async function look() {
  const answer = await fetch('/device/waits')
  if (answer.ok && (await answer.json()) === false) location.assign('/device')
}
setInterval(() => look().catch(() => undefined), 2000)
`
