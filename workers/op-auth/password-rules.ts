export type PasswordProblem = 'missing' | 'too_short' | 'too_long' | 'common' | 'personal'

/** Whose password it will be; what others know of a person is no secret. */
export interface PasswordOwner {
  readonly username?: string | undefined
  readonly email?: string | undefined
  readonly name?: string | undefined
}

const shortest = 8
const longest = 256

/** What the most used passwords are made of; a few digits or signs behind a word make it no better. */
const common = new Set(
  `password passwort passw0rd p@ssword p@ssw0rd pa$$word pa$$w0rd mypassword motdepasse contraseña contrasena kennwort senha
  changeme letmein welcome administrator admin root login guest user test testtest testing secret security access qwerty
  qwertyui qwertyuiop qwertz qwertzuiop azerty azertyuiop asdfghjk asdfghjkl asdfasdf asdf zxcvbnm 1qaz2wsx 1qaz2wsx3edc
  1q2w3e4r 1q2w3e4r5t q1w2e3r4 zaq12wsx qazwsx qazwsxedc qweasdzxc 123qweasd 1234qwer abc abcd abcdef abcdefgh aa a q
  iloveyou sunshine princess football baseball superman batman starwars pokemon dragon monkey master shadow michael
  jennifer charlie computer internet mercedes whatever liverpool chelsea barcelona hello helloworld hallo bonjour summer
  winter spring autumn butterfly chocolate google facebook minecraft 12345678 87654321 11223344 12341234 12344321 123123
  123321 147258369 159753456 789456123 98765432 01234567 09876543 10203040`.split(/\s+/),
)

/** Digits and signs that people append when a form asks for some. */
const appendix = /[\d!?.,@#$%&*_-]{0,4}$/

/** What speaks against a new password; `undefined` where nothing does. Any characters will do, composition is free. */
export function newPasswordProblem(password: string, owner: PasswordOwner): PasswordProblem | undefined {
  if (password === '') return 'missing'
  // Code points, so that a person who counts arrives at the same number.
  const length = [...password].length
  if (length < shortest) return 'too_short'
  if (length > longest) return 'too_long'
  const plain = password.normalize('NFKC').toLowerCase().trim()
  if (isCommon(plain) || new Set(plain).size < 3) return 'common'
  return ownWords(owner).includes(plain) ? 'personal' : undefined
}

function isCommon(plain: string): boolean {
  const [end = ''] = appendix.exec(plain) ?? []
  return Array.from({ length: end.length + 1 }, (_, cut) => plain.slice(0, plain.length - cut)).some((word) =>
    common.has(word),
  )
}

function ownWords({ username, email, name }: PasswordOwner): string[] {
  return [username, email, email?.split('@')[0], name, name?.replace(/\s+/g, '')]
    .filter((word) => word !== undefined)
    .map((word) => word.normalize('NFKC').toLowerCase().trim())
}
