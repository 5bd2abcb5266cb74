import { expect, test } from 'vitest'
import { unstable_splitSqlQuery as wranglerSplit } from 'wrangler'
import { sqlStatements } from './sql-statements.ts'

const trigger = `CREATE TRIGGER t AFTER DELETE ON p BEGIN
  SELECT CASE WHEN 1 THEN 2 ELSE 3 END;
  UPDATE p SET n = 'x;y';
END`

test.each([
  ['one statement', 'SELECT 1', ['SELECT 1']],
  ['a trailing semicolon', 'SELECT 1; \n', ['SELECT 1']],
  ['strings', `INSERT INTO p VALUES ('a;''b;'); SELECT 2`, [`INSERT INTO p VALUES ('a;''b;')`, 'SELECT 2']],
  ['triggers', `${trigger};\nSELECT 3;`, [trigger, 'SELECT 3']],
  [
    'case outside of triggers',
    'SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 4',
    ['SELECT CASE 1 WHEN 1 THEN 2 END', 'SELECT 4'],
  ],
])('SQL is taken apart as by wrangler: %s', (_, sql, statements) => {
  expect(sqlStatements(sql)).toEqual(statements)
  expect(wranglerSplit(sql).map((statement) => statement.replace(/;\s*$/, ''))).toEqual(statements)
})

test.each([
  ['comments', '-- a; b\nSELECT 1; /* c; d */ SELECT 2; -- end', 2],
  ['quoted names', 'SELECT "a;b", `c;d`, [e;f]; SELECT 1', 2],
  ['a comment alone', '-- nothing;\n/* at; all */', 0],
  ['a temporary trigger', 'CREATE TEMP TRIGGER t AFTER DELETE ON p BEGIN SELECT 1; END; SELECT 2', 2],
])('semicolons in %s end nothing', (_, sql, count) => {
  expect(sqlStatements(sql)).toHaveLength(count)
})
