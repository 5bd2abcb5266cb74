/** What XML 1.0 §2.2 has no character for, apart from halves of pairs. */
// oxlint-disable-next-line no-control-regex -- these are the characters that it is about
export const noCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
