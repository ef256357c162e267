// Evaluates expressions of a state machine. Reads, from standard input, [[expression, states]] and writes each one's value.
import { readFileSync } from 'node:fs'
import jsonata from 'jsonata'

const values = []
for (const [expression, states] of JSON.parse(readFileSync(0, 'utf8'))) {
  values.push((await jsonata(expression).evaluate({}, { states })) ?? null)
}
process.stdout.write(JSON.stringify(values))
