/** The script's text: bundlers are told so. */
declare const text: string
export default text
