/**
 * The one stylesheet. Sizes are rem, so that they follow the reader's font size; directions are logical, so that
 * right-to-left needs no second sheet. The properties beginning with --accent come from branding.ts.
 */
export const styles = compact(`
:root {
  color-scheme: light dark;
  --page: #f5f6f8;
  --surface: #ffffff;
  --soft: #f5f6f8;
  --ink: #15171c;
  --muted: #596070;
  --line: #e2e5ea;
  --edge: #858c99;
  --danger: #b3261e;
  --danger-soft: #fdf3f2;
  --good: #146c3a;
  --good-soft: #eff8f2;
  --shadow: 0 1px 2px rgb(16 24 40 / 0.05), 0 12px 32px -8px rgb(16 24 40 / 0.12);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d0f13;
    --surface: #16191f;
    --soft: #1f232b;
    --ink: #eceef2;
    --muted: #a5acb9;
    --line: #2b303a;
    --edge: #737b8a;
    --danger: #ffa198;
    --danger-soft: #2a1b1d;
    --good: #7fd6a2;
    --good-soft: #15261d;
    --shadow: none;
  }
}
*,
::before,
::after {
  box-sizing: border-box;
}
html {
  -webkit-text-size-adjust: 100%;
  text-size-adjust: 100%;
}
body {
  margin: 0;
  min-block-size: 100vh;
  min-block-size: 100dvh;
  display: flex;
  flex-direction: column;
  align-items: center;
  padding: 4rem 1rem 1.5rem;
  background: var(--page);
  color: var(--ink);
  overflow-wrap: anywhere;
  font:
    1rem/1.5 system-ui,
    -apple-system,
    'Segoe UI',
    Roboto,
    'Helvetica Neue',
    'Noto Sans',
    Arial,
    sans-serif;
}
.card {
  inline-size: 100%;
  max-inline-size: 25rem;
  margin-block: auto 1.5rem;
  padding: 2rem;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 1rem;
  box-shadow: var(--shadow);
}
.wide {
  max-inline-size: 43rem;
  margin-block-start: 0;
}
.page-end {
  margin-block-end: auto;
  color: var(--muted);
  font-size: 0.875rem;
  text-align: center;
}
.wide + .page-end {
  margin-block-end: 0;
}
h1,
h2,
p,
ul,
dl,
dd {
  margin: 0;
}
ul {
  padding: 0;
  list-style: none;
}
h1 {
  font-size: 1.625rem;
  line-height: 1.25;
  font-weight: 650;
  letter-spacing: -0.018em;
  text-wrap: balance;
}
h2 {
  font-size: 1.0625rem;
  line-height: 1.4;
  font-weight: 650;
}
.muted,
.hint {
  color: var(--muted);
}
.small,
.hint,
.error {
  font-size: 0.875rem;
}
bdi,
strong {
  overflow-wrap: anywhere;
}
strong {
  font-weight: 600;
  color: var(--ink);
}
code {
  font:
    0.875em/1.5 ui-monospace,
    'SF Mono',
    Menlo,
    Consolas,
    monospace;
}
a {
  color: var(--accent-ink);
  text-underline-offset: 0.2em;
  text-decoration-thickness: 1px;
}
a:hover {
  text-decoration-thickness: 2px;
}
:focus-visible {
  outline: 3px solid var(--accent-ink);
  outline-offset: 2px;
}
.hidden:not(:focus) {
  position: absolute;
  inline-size: 1px;
  block-size: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
.stack > * + * {
  margin-block-start: 0.25rem;
}
.operator {
  display: flex;
  align-items: center;
  gap: 0.75rem;
  margin-block-end: 1.75rem;
  font-weight: 600;
}
.mark {
  flex: none;
  display: inline-grid;
  place-items: center;
  inline-size: 2.25rem;
  block-size: 2.25rem;
  overflow: hidden;
  border: 1px solid transparent;
  border-radius: 0.625rem;
  background: var(--accent);
  color: var(--accent-text);
  font-size: 0.875rem;
  font-weight: 650;
  line-height: 1;
  letter-spacing: 0.02em;
  object-fit: contain;
}
img.mark {
  background: none;
}
h1 .tiny {
  inline-size: 2rem;
  block-size: 2rem;
  border-radius: 0.5rem;
  font-size: 0.75rem;
}
.round {
  border-radius: 50%;
  background: var(--soft);
  border-color: var(--line);
  color: var(--muted);
}
.tiny {
  inline-size: 1.375rem;
  block-size: 1.375rem;
  margin-inline-end: 0.125rem;
  border-radius: 0.375rem;
  font-size: 0.625rem;
  vertical-align: middle;
  background: var(--soft);
  border-color: var(--line);
  color: var(--muted);
}
.field {
  margin-block-start: 1.25rem;
}
form > .field:first-of-type {
  margin-block-start: 1.5rem;
}
label {
  display: block;
  margin-block-end: 0.375rem;
  font-size: 0.875rem;
  font-weight: 600;
}
.control {
  position: relative;
}
input {
  inline-size: 100%;
  min-block-size: 3rem;
  padding: 0.625rem 0.875rem;
  border: 1px solid var(--edge);
  border-radius: 0.625rem;
  background: var(--surface);
  color: var(--ink);
  font: inherit;
  text-overflow: ellipsis;
}
input:focus-visible {
  border-color: var(--accent-ink);
  outline-width: 2px;
  outline-offset: 1px;
}
input[aria-invalid] {
  border-color: var(--danger);
  box-shadow: inset 0 0 0 1px var(--danger);
}
.control:has(.reveal:not([hidden])) > input {
  padding-inline-end: 5rem;
}
.reveal {
  position: absolute;
  inset-block: 2px;
  inset-inline-end: 2px;
  min-inline-size: 4rem;
  min-block-size: 2.75rem;
  padding: 0 0.75rem;
  border: 0;
  border-radius: 0.5rem;
  background: none;
  color: var(--muted);
  font: inherit;
  font-size: 0.875rem;
  font-weight: 600;
  cursor: pointer;
}
.reveal:hover {
  color: var(--ink);
}
[hidden] {
  display: none !important;
}
.hint,
.error {
  margin-block-start: 0.375rem;
}
.error {
  color: var(--danger);
  font-weight: 500;
}
.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-block-size: 3rem;
  padding: 0.5rem 1.25rem;
  border: 1px solid var(--edge);
  border-radius: 0.625rem;
  background: var(--surface);
  color: var(--ink);
  font: inherit;
  font-weight: 600;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
}
.button:hover {
  background: var(--soft);
}
.primary {
  border-color: var(--accent-ink);
  background: var(--accent);
  color: var(--accent-text);
}
.primary:hover {
  background: var(--accent-hover);
}
.quiet {
  border-color: transparent;
  background: none;
  color: var(--muted);
}
.quiet:hover {
  color: var(--ink);
}
.slim {
  min-block-size: 2.75rem;
  padding: 0.25rem 0.875rem;
  font-size: 0.875rem;
  white-space: nowrap;
}
.as-link {
  min-block-size: 2.75rem;
  min-inline-size: 2.75rem;
  padding: 0;
  text-align: start;
  border: 0;
  background: none;
  color: var(--accent-ink);
  font: inherit;
  font-size: 0.875rem;
  text-decoration: underline;
  text-underline-offset: 0.2em;
  text-decoration-thickness: 1px;
  cursor: pointer;
}
.as-link:hover {
  text-decoration-thickness: 2px;
}
.actions {
  display: grid;
  gap: 0.5rem;
  margin-block-start: 1.75rem;
}
.pair {
  grid-template-columns: repeat(auto-fit, minmax(min(8rem, 100%), 1fr));
  gap: 0.75rem;
}
.late {
  animation: late 0s 0.8s both;
}
@keyframes late {
  from {
    visibility: hidden;
  }
}
.problem,
.notice {
  margin-block-start: 1.5rem;
  padding: 0.875rem 1rem;
  border: 1px solid var(--danger);
  border-radius: 0.625rem;
  background: var(--danger-soft);
}
.problem h2 {
  font-size: 1rem;
  color: var(--danger);
}
.problem h2:focus-visible {
  outline: 0;
}
.problem:has(h2:focus-visible) {
  outline: 3px solid var(--danger);
  outline-offset: 2px;
}
.problem a {
  color: var(--danger);
}
.notice {
  border-color: var(--good);
  background: var(--good-soft);
  color: var(--good);
  font-weight: 600;
}
.after {
  margin-block-start: 1.5rem;
  padding-block-start: 1.25rem;
  border-block-start: 1px solid var(--line);
}
.links {
  display: flex;
  flex-wrap: wrap;
  column-gap: 1.25rem;
}
.links > :first-child {
  flex-basis: 100%;
}
.links.after {
  margin-block-end: -0.75rem;
}
.links a,
.tall {
  display: inline-block;
  padding-block: 0.75rem;
}
.person {
  display: flex;
  align-items: center;
  gap: 0.75rem;
  min-inline-size: 0;
  text-align: start;
}
.person > :last-child {
  min-inline-size: 0;
}
.person .name {
  display: block;
  font-weight: 600;
  line-height: 1.4;
}
.person .mail {
  display: block;
  color: var(--muted);
  font-size: 0.875rem;
  line-height: 1.4;
}
.who {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: 0.25rem 0.75rem;
  margin-block-start: 1.5rem;
  padding: 0.75rem 0.875rem;
  border-radius: 0.75rem;
  background: var(--soft);
}
.who .person {
  flex: 1 1 11rem;
}
.who .round {
  background: var(--surface);
}
.who .mail,
.who .muted {
  color: var(--muted);
}
.choices {
  display: grid;
  gap: 0.5rem;
  margin-block-start: 1.5rem;
}
.choice {
  inline-size: 100%;
  justify-content: flex-start;
  min-block-size: 4rem;
  padding: 0.625rem 0.875rem;
  border-color: var(--line);
  font-weight: 400;
}
.choice:hover {
  border-color: var(--edge);
}
.plus {
  font-size: 1.25rem;
  font-weight: 400;
}
.asks {
  margin-block-start: 1.25rem;
}
.asks li {
  position: relative;
  padding: 0.625rem 0 0.625rem 2rem;
}
[dir='rtl'] .asks li {
  padding: 0.625rem 2rem 0.625rem 0;
}
.asks li + li {
  border-block-start: 1px solid var(--line);
}
.asks li::before {
  content: '';
  position: absolute;
  inset-inline-start: 0.375rem;
  inset-block-start: 0.95rem;
  inline-size: 0.4rem;
  block-size: 0.75rem;
  border: solid var(--accent-ink);
  border-width: 0 2px 2px 0;
  transform: rotate(45deg);
}
.asks .hint {
  margin: 0;
}
.stack > p + p {
  margin-block-start: 0.75rem;
}
form + .hint {
  margin-block-start: 0.875rem;
}
.badge {
  display: inline-block;
  margin-inline-start: 0.125rem;
  padding: 0.0625rem 0.5rem;
  border: 1px solid var(--accent-ink);
  border-radius: 1rem;
  color: var(--accent-ink);
  font-size: 0.75rem;
  font-weight: 600;
  line-height: 1.4;
  vertical-align: 0.1em;
}
.here {
  border-color: var(--good);
  color: var(--good);
}
section,
article {
  margin-block-start: 2.25rem;
}
[role='status'] + [data-live] {
  margin-block-start: 1.25rem;
}
article + article {
  padding-block-start: 2rem;
  border-block-start: 1px solid var(--line);
}
.head {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: 0.25rem 1rem;
  min-block-size: 2.75rem;
}
.rows {
  margin-block-start: 0.5rem;
  border-block-start: 1px solid var(--line);
}
.rows > li {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: 0.5rem 1rem;
  padding-block: 0.875rem;
  border-block-end: 1px solid var(--line);
}
.rows > li > :first-child {
  flex: 1 1 15rem;
  min-inline-size: 0;
}
.rows .name {
  font-weight: 600;
}
.events {
  font-size: 0.875rem;
}
.events li {
  padding-block: 0.5rem;
}
.events .name {
  font-weight: 500;
}
.code input {
  min-block-size: 3.5rem;
  font:
    600 1.25rem ui-monospace,
    Menlo,
    Consolas,
    monospace;
  letter-spacing: 0.3ch;
  text-transform: uppercase;
}
.shown {
  margin-block-start: 1.25rem;
  font:
    600 1.75rem ui-monospace,
    Menlo,
    Consolas,
    monospace;
  letter-spacing: 0.12em;
  text-align: center;
}
.message {
  margin-block-start: 1rem;
  padding: 0.75rem 1rem;
  border: 1px solid var(--edge);
  border-radius: 0.75rem;
  font-size: 1.375rem;
  font-weight: 650;
  line-height: 1.3;
}
.facts {
  display: grid;
  grid-template-columns: auto 1fr;
  gap: 0.25rem 1rem;
  margin-block-start: 1rem;
  font-size: 0.875rem;
}
.facts dt {
  color: var(--muted);
}
.warning {
  margin-block-start: 1.25rem;
  padding: 0.75rem 1rem;
  border-inline-start: 4px solid var(--danger);
  background: var(--danger-soft);
}
@media (max-width: 30rem) {
  body {
    padding: 0;
    background: var(--surface);
  }
  .card {
    margin-block: 0;
    padding: 1.5rem 1.25rem;
    border: 0;
    border-radius: 0;
    box-shadow: none;
  }
  .page-end {
    margin-block: auto 0;
    padding: 0 1.25rem 1.5rem;
  }
}
@media (max-height: 40rem) {
  body {
    padding-block-start: 1.5rem;
  }
}
@media (prefers-reduced-motion: no-preference) {
  .button,
  input,
  .reveal {
    transition:
      background-color 0.12s,
      border-color 0.12s,
      color 0.12s;
  }
}
@media (forced-colors: active) {
  .mark,
  .badge,
  .who {
    border: 1px solid CanvasText;
  }
  .primary {
    border-width: 2px;
  }
  .asks li::before {
    border-color: CanvasText;
  }
}
@media print {
  body {
    display: block;
    padding: 0;
  }
  .card {
    max-inline-size: none;
    border: 0;
    box-shadow: none;
  }
  .actions,
  .reveal,
  .rows form,
  .head form {
    display: none;
  }
}
`)

/** White space is most of what a stylesheet weighs before compression. */
function compact(css: string): string {
  return css
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?/g, '$1')
    .replace(/: /g, ':')
    .replaceAll(';}', '}')
    .trim()
}
