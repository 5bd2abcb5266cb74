/** Scripts for the browser, which the bundler turns into their text. */

declare module '*.client.js' {
  const text: string
  export default text
}
