/** For answers that nobody may keep, old caches included. */
export const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' }
