export type PasswordProblem = 'missing' | 'too_short' | 'too_long' | 'common' | 'personal'

/** Whose password it will be; what others know of a person is no secret. */
export interface PasswordOwner {
  readonly username?: string | undefined
  readonly email?: string | undefined
  readonly name?: string | undefined
}

const shortest = 8
const longest = 256

/**
 * Passwords of eight or more characters at the top of every published list of leaked ones; shorter ones are refused by
 * their length. Compared without regard to case.
 */
const common = new Set(
  `password password1 password12 password123 password1234 password! password1! password01 passw0rd p@ssw0rd p@ssword
  pa$$word pa$$w0rd passwort password2 password11 mypassword changeme changeme1 changeme123 letmein1 letmein123 welcome1
  welcome12 welcome123 welcome2 welcome! administrator admin123 admin1234 admin12345 administrator1 adminadmin rootroot
  12345678 123456789 1234567890 12345678910 0123456789 123123123 12341234 11223344 1122334455 123321123 12344321 123454321
  87654321 987654321 9876543210 0987654321 147258369 159753456 741852963 789456123 147852369 963852741 321321321 456456456
  123456780 123456781 12345679 1234567891 123456123 123654789 741852963 102030405060 10203040 19861986 19871987 20002000
  qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 qwertyui qwerty123456 qwertyuiop1 qwertyuiop123 qwertz123 qwertzuiop
  azertyuiop 1qaz2wsx 1qaz2wsx3edc 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4 q1w2e3r4t5 zaq12wsx zaq1zaq1 qazwsxedc
  qazwsx123 !qaz2wsx qweasdzxc qweasd123 asdfghjk asdfghjkl asdfasdf asdf1234 zxcvbnm1 zxcvbnm123 zxcvbnm, 1qazxsw2
  abcd1234 abc12345 abcdefgh abcdefg1 abcdefghi aa123456 aa12345678 a1234567 a12345678 a123456789 q1234567 123456aa
  123456abc 1234qwer 12qwaszx 123qweasd 123qweasdzxc 123abc123 abc123456 abc123abc 123456qwerty qwer1234 trustno1
  iloveyou iloveyou1 iloveyou2 iloveyou! ilovegod loveyou1 lovelove iloveyou123 sunshine sunshine1 princess princess1
  football football1 baseball baseball1 basketball superman superman1 batman123 spiderman starwars starwars1 pokemon1
  dragon123 monkey123 master123 shadow123 michael1 jennifer jennifer1 jonathan charlie1 samantha victoria computer
  computer1 internet corvette mercedes michelle nicholas whatever whatever1 liverpool liverpool1 chelsea1 arsenal1
  manchester barcelona elephant einstein dolphins midnight mountain maverick scorpion aquarius hello123 hello1234 helloworld
  summer123 winter123 spring123 autumn123 summer2024 summer2025 winter2024 winter2025 test1234 test12345 testtest testing1
  testing123 secret123 security access14 default1 guest123 user1234 login123 temp1234 temporary newpassword oldpassword
  blink182 metallica rockyou1 butterfly chocolate strawberry flower123 angel123 babygirl babygirl1 jordan23 michael23
  google123 facebook facebook1 linkedin minecraft fuckyou1 fuckyou2 asshole1 motdepasse contraseña kennwort passwort1
  passwort123 hallo123 schalke04 kalimera marseille bonjour1 soleil123 parola123 haslo123 senha123 contrasena`.split(
    /\s+/,
  ),
)

/** What speaks against a new password; `undefined` where nothing does. Any characters will do, composition is free. */
export function newPasswordProblem(password: string, owner: PasswordOwner): PasswordProblem | undefined {
  if (password === '') return 'missing'
  // Code points, so that a person who counts arrives at the same number.
  const length = [...password].length
  if (length < shortest) return 'too_short'
  if (length > longest) return 'too_long'
  const plain = password.normalize('NFKC').toLowerCase().trim()
  if (common.has(plain) || new Set(plain).size < 3) return 'common'
  return ownWords(owner).includes(plain) ? 'personal' : undefined
}

function ownWords({ username, email, name }: PasswordOwner): string[] {
  return [username, email, email?.split('@')[0], name, name?.replace(/\s+/g, '')]
    .filter((word) => word !== undefined)
    .map((word) => word.normalize('NFKC').toLowerCase().trim())
}
