import type { SqlAnswer, SqlStatement } from './sql-door.ts'

/** What runs statements as one transaction. */
type Run = (statements: readonly SqlStatement[]) => Promise<SqlAnswer[]>

/** A database with the calls of D1's binding that are needed outside of a Worker. */
export class Database {
  readonly #run: Run

  constructor(run: Run) {
    this.#run = run
  }

  prepare(sql: string): Statement {
    return new Statement(this.#run, { sql, params: [] })
  }

  /** Runs statements as one transaction. @throws Error in D1's words. */
  batch(statements: readonly Statement[]): Promise<SqlAnswer[]> {
    return this.#run(statements.map(({ statement }) => statement))
  }
}

export class Statement {
  readonly statement: SqlStatement
  readonly #run: Run

  constructor(run: Run, statement: SqlStatement) {
    this.#run = run
    this.statement = statement
  }

  bind(...params: unknown[]): Statement {
    return new Statement(this.#run, { ...this.statement, params })
  }

  async all(): Promise<SqlAnswer> {
    const [answer] = await this.#run([this.statement])
    if (!answer) throw new Error('the database gave no answer')
    return answer
  }

  async run(): Promise<void> {
    await this.all()
  }

  /** A column of the first row; undefined when there is no row. */
  async first(column: string): Promise<unknown> {
    return (await this.all()).results[0]?.[column]
  }
}
