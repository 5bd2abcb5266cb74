export const style = `
:root { color-scheme: light dark; --text: #1b1f24; --dim: #57606a; --page: #f6f7f9; --card: #fff; --line: #d0d7de;
  --accent: #1d4ed8; --on-accent: #fff; --alarm: #b42318 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8ebef; --dim: #a3adb8; --page: #12151a; --card: #1a1f26; --line: #3b434d;
    --accent: #8ab4ff; --on-accent: #0b1526; --alarm: #ffa198 }
}
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page) }
main { max-width: 1120px; margin: 0 auto; padding: 24px 16px 48px }
h1 { margin: 16px 0 8px; font-size: 28px; line-height: 1.2 }
h2 { margin: 0 0 12px; font-size: 20px }
h3 { margin: 16px 0 4px; font-size: 16px }
p { margin: 8px 0 }
a { color: var(--accent) }
.dim { color: var(--dim) }
.actions { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0 }
.button { display: inline-flex; align-items: center; min-height: 44px; padding: 8px 20px; font: inherit; font-weight: 600;
  color: var(--accent); background: var(--card); border: 1px solid var(--accent); border-radius: 8px; cursor: pointer;
  text-decoration: none }
.primary { color: var(--on-accent); background: var(--accent) }
.button:hover { text-decoration: underline }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.columns { display: grid; align-items: start; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px }
.card { padding: 20px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; min-width: 0 }
.alarm { border-color: var(--alarm) }
.alarm h2 { color: var(--alarm) }
dl { display: grid; grid-template-columns: auto minmax(0, 5fr) minmax(0, 4fr); column-gap: 12px; margin: 0; font-size: 14px }
dl div { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; padding: 6px 0; border-bottom: 1px solid var(--line) }
dt { font: 600 13px/1.6 ui-monospace, monospace }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap }
code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
summary { min-height: 24px; margin-top: 12px; cursor: pointer }
.device { display: flex; flex-wrap: wrap; gap: 16px 32px; align-items: center; max-width: 720px; margin: 20px 0 }
.device > div { min-width: 0; overflow-wrap: anywhere }
.device > div + div { flex: 1 1 240px }
.qr { width: 232px; max-width: 100% }
.qr svg { display: block; width: 100%; height: auto; border-radius: 8px }
.code { margin: 4px 0 12px; font: 700 32px/1.3 ui-monospace, monospace; letter-spacing: .06em }
@media (max-width: 520px) {
  dl { grid-template-columns: minmax(0, 1fr) }
}
`
